// SPDX-License-Identifier: MIT
//! Reads a flattened device tree (Devicetree Specification 0.4, chapter 5).
//!
//! The bytes are foreign: whatever is wrong with them, reading ends early or answers `None`; nothing here
//! panics or leaves the blob. Addresses of nested buses are taken as they stand (empty or absent `ranges`
//! translation), which holds for the devices that the monitor drives.

const MAGIC: u32 = 0xd00d_feed;
const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROP: u32 = 3;
const NOP: u32 = 4;
/// Deepest nesting that is followed.
const DEPTH: usize = 16;

/// A device tree blob.
#[derive(Clone, Copy)]
pub struct Fdt<'a> {
    structure: &'a [u8],
    strings: &'a [u8],
    reservations: &'a [u8],
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some((be32(bytes, at)? as u64) << 32 | be32(bytes, at.checked_add(4)?)? as u64)
}

/// The bytes up to a NUL, which must be there.
fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split(|&b| b == 0).next().filter(|s| s.len() < bytes.len())
}

impl<'a> Fdt<'a> {
    /// The size in bytes that a blob's first eight bytes announce, if they begin one.
    pub fn announced_size(header: &[u8; 8]) -> Option<usize> {
        (be32(header, 0)? == MAGIC).then_some(be32(header, 4)? as usize)
    }

    /// The blob's parts, if its header is sound.
    pub fn new(blob: &'a [u8]) -> Option<Fdt<'a>> {
        if be32(blob, 0)? != MAGIC {
            return None;
        }
        let part = |offset: usize, size: Option<u32>| {
            let rest = blob.get(be32(blob, offset)? as usize..)?;
            match size {
                Some(size) => rest.get(..size as usize),
                None => Some(rest),
            }
        };
        Some(Fdt {
            structure: part(8, Some(be32(blob, 36)?))?,
            strings: part(12, Some(be32(blob, 32)?))?,
            reservations: part(16, None)?,
        })
    }

    /// The memory reservation block: address and size.
    pub fn reservations(&self) -> impl Iterator<Item = (u64, u64)> + 'a {
        let list = self.reservations;
        list.chunks_exact(16)
            .map_while(|e| Some((be64(e, 0)?, be64(e, 8)?)))
            .take_while(|&e| e != (0, 0))
    }

    /// Calls `visit` for every node, parents first, in the order of the blob.
    pub fn each(&self, visit: &mut dyn FnMut(&Node<'a>)) {
        let _ = self.walk(visit);
    }

    fn walk(&self, visit: &mut dyn FnMut(&Node<'a>)) -> Option<()> {
        // Cells of an address and of a size among the children of each node that is open.
        let mut cells = [(2, 1); DEPTH + 1];
        let mut parents: [&'a [u8]; DEPTH] = [b""; DEPTH];
        let mut depth = 0;
        let mut at = 0;
        loop {
            match be32(self.structure, at)? {
                BEGIN_NODE => {
                    let name = until_nul(self.structure.get(at + 4..)?)?;
                    at = at + 4 + (name.len() + 4 & !3);
                    if depth == DEPTH {
                        return None;
                    }
                    let parent = if depth == 0 { b"" } else { parents[depth - 1] };
                    let properties = self.structure.get(at..)?;
                    let node = Node { name, parent, properties, strings: self.strings, cells: cells[depth] };
                    let own = |key, default| {
                        let cells = node.property(key).and_then(|p| be32(p, 0)).unwrap_or(default);
                        if cells <= 2 { cells } else { default }
                    };
                    cells[depth + 1] = (own(b"#address-cells", 2), own(b"#size-cells", 1));
                    parents[depth] = name;
                    depth += 1;
                    visit(&node);
                }
                END_NODE => {
                    depth = depth.checked_sub(1)?;
                    at += 4;
                }
                PROP => at = at.checked_add(12)?.checked_add((be32(self.structure, at + 4)? as usize).checked_add(3)? & !3)?,
                NOP => at += 4,
                _ => return None,
            }
        }
    }

    /// The first node that `wanted` accepts.
    pub fn find(&self, wanted: &dyn Fn(&Node<'a>) -> bool) -> Option<Node<'a>> {
        let mut found = None;
        self.each(&mut |node| {
            if found.is_none() && wanted(node) {
                found = Some(*node);
            }
        });
        found
    }
}

/// A node, and how its parent counts addresses.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    /// Its name with the unit address; empty for the root.
    pub name: &'a [u8],
    /// Its parent's name.
    pub parent: &'a [u8],
    properties: &'a [u8],
    strings: &'a [u8],
    cells: (u32, u32),
}

impl<'a> Node<'a> {
    /// A property's value.
    pub fn property(&self, key: &[u8]) -> Option<&'a [u8]> {
        let mut at = 0;
        loop {
            match be32(self.properties, at)? {
                NOP => at += 4,
                PROP => {
                    let size = be32(self.properties, at + 4)? as usize;
                    let name = until_nul(self.strings.get(be32(self.properties, at + 8)? as usize..)?)?;
                    let value = self.properties.get(at + 12..)?.get(..size)?;
                    if name == key {
                        return Some(value);
                    }
                    at += 12 + (size + 3 & !3);
                }
                _ => return None,
            }
        }
    }

    /// A property that is a string.
    pub fn string(&self, key: &[u8]) -> Option<&'a [u8]> {
        until_nul(self.property(key)?)
    }

    /// Whether `compatible` names `model`.
    pub fn is(&self, model: &[u8]) -> bool {
        self.property(b"compatible").is_some_and(|list| list.split(|&b| b == 0).any(|name| name == model))
    }

    /// Whether the node may be used: `status` is absent or "okay".
    pub fn enabled(&self) -> bool {
        self.string(b"status").is_none_or(|status| status == b"okay" || status == b"ok")
    }

    /// Address and size number `index` of `reg`.
    pub fn reg(&self, index: usize) -> Option<(u64, u64)> {
        let reg = self.property(b"reg")?;
        let (a, s) = self.cells;
        let at = index.checked_mul((a + s) as usize * 4)?;
        Some((number(reg, at, a)?, number(reg, at + a as usize * 4, s)?))
    }

    /// Cell number `index` of a property.
    pub fn cell(&self, key: &[u8], index: usize) -> Option<u32> {
        be32(self.property(key)?, index.checked_mul(4)?)
    }

    /// A property that is one number of one or two cells: boot loaders differ.
    pub fn number(&self, key: &[u8]) -> Option<u64> {
        let value = self.property(key)?;
        number(value, 0, value.len() as u32 / 4)
    }
}

fn number(bytes: &[u8], at: usize, cells: u32) -> Option<u64> {
    match cells {
        0 => Some(0),
        1 => be32(bytes, at).map(u64::from),
        2 => be64(bytes, at),
        _ => None,
    }
}

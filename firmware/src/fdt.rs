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
    Some(&bytes[..bytes.iter().position(|&b| b == 0)?])
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
        list.chunks_exact(16).map_while(|e| Some((be64(e, 0)?, be64(e, 8)?))).take_while(|&e| e != (0, 0))
    }

    /// Calls `visit` for every node, parents first, in the order of the blob.
    pub fn each(&self, visit: &mut dyn FnMut(&Node<'a>)) {
        let _ = self.walk(visit);
    }

    fn walk(&self, visit: &mut dyn FnMut(&Node<'a>)) -> Option<()> {
        // Of each node that is open, the root's parent first: its name, and the cells of an address and of a size among
        // its children.
        let mut open: [(&'a [u8], (u32, u32)); DEPTH + 1] = [(b"", (2, 1)); DEPTH + 1];
        let mut depth = 0;
        let mut at = 0;
        loop {
            match be32(self.structure, at)? {
                BEGIN_NODE => {
                    let name = until_nul(self.structure.get(at + 4..)?)?;
                    at = at + 4 + ((name.len() + 4) & !3);
                    let (parent, cells) = open[depth];
                    let properties = self.structure.get(at..)?;
                    let node = Node { name, parent, properties, strings: self.strings, cells };
                    let own = |key, default| {
                        let cells = node.property(key).and_then(|p| be32(p, 0)).unwrap_or(default);
                        if cells <= 2 { cells } else { default }
                    };
                    depth += 1;
                    *open.get_mut(depth)? = (name, (own(b"#address-cells", 2), own(b"#size-cells", 1)));
                    visit(&node);
                }
                END_NODE => {
                    depth = depth.checked_sub(1)?;
                    at += 4;
                }
                PROP => {
                    at = at
                        .checked_add(12)?
                        .checked_add((be32(self.structure, at + 4)? as usize).checked_add(3)? & !3)?
                }
                NOP => at += 4,
                _ => return None,
            }
        }
    }

    /// The first node of this name that may be used.
    pub fn named(&self, name: &[u8]) -> Option<Node<'a>> {
        self.find(&mut |node| node.name == name)
    }

    /// The first node that is compatible with one of the models and may be used.
    pub fn compatible(&self, models: &[&[u8]]) -> Option<Node<'a>> {
        self.find(&mut |node| models.iter().any(|model| node.is(model)))
    }

    #[inline(never)]
    fn find(&self, wanted: &mut dyn FnMut(&Node<'a>) -> bool) -> Option<Node<'a>> {
        let mut found = None;
        self.each(&mut |node| {
            if found.is_none() && wanted(node) && node.enabled() {
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
                    at += 12 + ((size + 3) & !3);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A small tree: a bus with a device, memory of two ranges, chosen.
    fn blob() -> Vec<u8> {
        let mut strings = Vec::new();
        let mut structure = Vec::new();
        let word = |to: &mut Vec<u8>, w: u32| to.extend(w.to_be_bytes());
        let begin = |to: &mut Vec<u8>, name: &str| {
            word(to, BEGIN_NODE);
            to.extend(name.bytes());
            to.resize(to.len() / 4 * 4 + 4, 0);
        };
        let mut prop = |to: &mut Vec<u8>, name: &str, value: &[u8]| {
            word(to, PROP);
            word(to, value.len() as u32);
            word(to, strings.len() as u32);
            strings.extend(name.bytes().chain([0]));
            to.extend(value);
            to.resize(to.len().next_multiple_of(4), 0);
        };
        let s = &mut structure;
        begin(s, "");
        prop(s, "#address-cells", &2u32.to_be_bytes());
        prop(s, "#size-cells", &2u32.to_be_bytes());
        begin(s, "memory@40000000");
        prop(s, "device_type", b"memory\0");
        prop(s, "reg", &[0x4000_0000u64, 0x1000_0000, 0x8000_0000, 0x2000].map(u64::to_be_bytes).concat());
        word(s, END_NODE);
        begin(s, "bus");
        prop(s, "#address-cells", &1u32.to_be_bytes());
        prop(s, "#size-cells", &1u32.to_be_bytes());
        word(s, NOP);
        begin(s, "serial@9000000");
        prop(s, "compatible", b"vendor,uart\0arm,pl011\0");
        prop(s, "status", b"disabled\0");
        prop(s, "reg", &[0x0900_0000u32, 0x1000].map(u32::to_be_bytes).concat());
        word(s, END_NODE);
        word(s, END_NODE);
        begin(s, "chosen");
        prop(s, "linux,initrd-start", &0x4800_0000u32.to_be_bytes());
        prop(s, "linux,initrd-end", &0x4900_0000u64.to_be_bytes());
        word(s, END_NODE);
        word(s, END_NODE);
        word(s, 9);
        let reservations = [0x4100_0000u64, 0x1000, 0, 0].map(u64::to_be_bytes).concat();
        let at = 40 + reservations.len();
        let total = at + structure.len() + strings.len();
        let header = [MAGIC, total as u32, at as u32, (at + structure.len()) as u32, 40, 17, 16, 0];
        let sizes = [strings.len() as u32, structure.len() as u32];
        let mut blob: Vec<u8> = header.iter().chain(&sizes).flat_map(|w| w.to_be_bytes()).collect();
        blob.extend([reservations, structure, strings].concat());
        blob
    }

    #[test]
    fn reads_nodes_and_properties() {
        let blob = blob();
        let fdt = Fdt::new(&blob).unwrap();
        let memory = fdt.named(b"memory@40000000").unwrap();
        assert_eq!(
            [memory.reg(0), memory.reg(1)],
            [Some((0x4000_0000, 0x1000_0000)), Some((0x8000_0000, 0x2000))]
        );
        assert_eq!(memory.reg(2), None);
        assert_eq!(memory.string(b"device_type"), Some(&b"memory"[..]));
        assert!(fdt.compatible(&[b"arm,pl011"]).is_none(), "it is disabled");
        let mut uart = None;
        fdt.each(&mut |n| {
            if n.is(b"arm,pl011") {
                uart = Some(*n);
            }
        });
        let uart = uart.unwrap();
        assert_eq!((uart.name, uart.parent, uart.enabled()), (&b"serial@9000000"[..], &b"bus"[..], false));
        assert_eq!((uart.reg(0), uart.cell(b"reg", 1)), (Some((0x0900_0000, 0x1000)), Some(0x1000)));
        let chosen = fdt.named(b"chosen").unwrap();
        assert_eq!(chosen.number(b"linux,initrd-start"), Some(0x4800_0000));
        assert_eq!(chosen.number(b"linux,initrd-end"), Some(0x4900_0000));
        assert_eq!(fdt.reservations().collect::<Vec<_>>(), [(0x4100_0000, 0x1000)]);
        let mut names = Vec::new();
        fdt.each(&mut |n| names.push(n.name));
        assert_eq!(names.len(), 5);
    }

    /// Looks at everything there is; whatever comes out, it must come out.
    fn exercise(blob: &[u8]) {
        let Some(fdt) = Fdt::new(blob) else { return };
        fdt.reservations().count();
        let mut nodes = 0;
        fdt.each(&mut |n| {
            nodes += 1;
            for key in [&b"reg"[..], b"compatible", b"device_type", b"linux,initrd-end", b"status"] {
                let _ =
                    (n.property(key), n.string(key), n.number(key), n.cell(key, 3), n.cell(key, usize::MAX));
            }
            let _ = (n.is(b"arm,pl011"), n.enabled(), n.reg(0), n.reg(1), n.reg(usize::MAX / 4));
        });
        assert!(nodes <= blob.len() / 4);
    }

    #[test]
    fn foreign_bytes_do_no_harm() {
        let good = blob();
        for cut in 0..good.len() {
            exercise(&good[..cut]);
        }
        for at in 0..good.len() {
            for byte in [0, 1, 2, 3, 4, 9, 0x7f, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] = byte;
                exercise(&bad);
            }
        }
        let mut state = 7u64;
        for _ in 0..20_000 {
            let mut bad = good.clone();
            for _ in 0..4 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 40) as usize % bad.len();
                bad[at] = (state >> 32) as u8;
            }
            exercise(&bad);
        }
    }
}

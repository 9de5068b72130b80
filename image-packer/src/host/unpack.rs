// SPDX-License-Identifier: MIT
//! An upstream tarball (plain, gz, bz2 or xz) to a tree.
//!
//! It refuses what a source tree has no use for and an attacker has: absolute names, `..`, links that leave
//! the tree, devices, names that a closure cannot hold, and two members of one name.

use super::catalogue::Origin;
use super::tree::{Entry, Tree};
use super::{Error, Problem, sha256};
use crate::hex::Digest;
use crate::path;
use std::io::Read;
use std::path::Path;

/// Reads `file`, checks its digest against `origin`, and unpacks it.
pub fn unpack(file: &Path, origin: &Origin) -> Result<Tree, Error> {
    let packed = std::fs::read(file).map_err(Error::io(file))?;
    let found = sha256(&packed);
    if Digest::parse(origin.sha256.as_bytes()) != Some(found) {
        let problem = Problem::Sha256 { expected: origin.sha256.clone(), found: found.to_string() };
        return Err(Error::file(file, problem));
    }
    read(&packed, origin.strip).map_err(|what| Error::file(file, Problem::Tarball(what)))
}

/// The tree of a packed archive.
fn read(packed: &[u8], strip: usize) -> Result<Tree, String> {
    let plain = decompress(packed).map_err(|why| format!("does not decompress: {why}"))?;
    let tree = untar(&plain, strip)?;
    if tree.is_empty() { Err("an archive without a file".into()) } else { Ok(tree) }
}

/// Decompresses by the magic number; what has none is taken as it is.
fn decompress(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    if packed.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut plain)?;
    } else if packed.starts_with(b"BZh") {
        bzip2::read::MultiBzDecoder::new(packed).read_to_end(&mut plain)?;
    } else if packed.starts_with(b"\xfd7zXZ\0") {
        lzma_rust2::XzReader::new(packed, true).read_to_end(&mut plain)?;
    } else {
        plain.extend(packed);
    }
    Ok(plain)
}

/// Members of a tar archive without their `strip` leading components.
pub fn untar(archive: &[u8], strip: usize) -> Result<Tree, String> {
    let mut tree = Tree::new();
    let mut hard_links = Vec::new();
    let mut archive = tar::Archive::new(archive);
    for member in archive.entries().map_err(|e| e.to_string())? {
        let mut member = member.map_err(|e| e.to_string())?;
        let name = String::from_utf8(member.path_bytes().into_owned()).map_err(|_| "a name is not UTF-8")?;
        let kind = member.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        let clean = name.strip_prefix("./").unwrap_or(&name).trim_end_matches('/');
        if kind.is_dir() && matches!(clean, "" | ".") {
            continue;
        }
        if !path::is_member(clean) {
            let why = if clean.starts_with('/') {
                "an absolute name"
            } else if clean.split('/').any(|part| part == "..") {
                "a name with '..'"
            } else {
                "a name that a closure cannot hold"
            };
            return Err(format!("{name:?}: {why}"));
        }
        let Some(path) = stripped(clean, strip) else {
            if kind.is_dir() {
                continue;
            }
            return Err(format!("{name}: has fewer than {strip} folders to strip"));
        };
        let entry = if kind.is_dir() {
            continue;
        } else if kind.is_file() {
            let executable = member.header().mode().map_err(|e| e.to_string())? & 0o100 != 0;
            let mut data = Vec::new();
            member.read_to_end(&mut data).map_err(|e| format!("{name}: {e}"))?;
            Entry::File { executable, data }
        } else if kind.is_symlink() || kind.is_hard_link() {
            let target = member.link_name_bytes().unwrap_or_default().into_owned();
            let target = String::from_utf8(target).map_err(|_| format!("{name}: link is not UTF-8"))?;
            if kind.is_hard_link() {
                hard_links.push((path.to_owned(), target));
                continue;
            }
            if !stays_inside(path, &target) {
                return Err(format!("{name}: link to {target} leaves the tree"));
            }
            Entry::Symlink(target)
        } else {
            let what = match kind {
                tar::EntryType::Char | tar::EntryType::Block => "a device node",
                tar::EntryType::Fifo => "a named pipe",
                _ => "neither file, folder nor link",
            };
            return Err(format!("{name}: {what}"));
        };
        if tree.insert(path.to_owned(), entry).is_some() {
            return Err(format!("{name}: stands twice"));
        }
    }
    for (path, target) in hard_links {
        let clean = target.strip_prefix("./").unwrap_or(&target);
        let entry = stripped(clean, strip).and_then(|target| tree.get(target)).cloned();
        let entry =
            entry.ok_or_else(|| format!("{path}: hard link to {target}, which is not in the tree"))?;
        if tree.insert(path.clone(), entry).is_some() {
            return Err(format!("{path}: stands twice"));
        }
    }
    let below_file =
        tree.keys().find(|path| path.match_indices('/').any(|(at, _)| tree.contains_key(&path[..at])));
    match below_file {
        Some(path) => Err(format!("{path}: is below a file or link")),
        None => Ok(tree),
    }
}

fn stripped(path: &str, strip: usize) -> Option<&str> {
    (0..strip).try_fold(path, |rest, _| rest.split_once('/').map(|(_, rest)| rest))
}

/// Whether a symbolic link at `path` with this target stays in the tree. `..` may only lead it: behind a name
/// it would go up from wherever that name's link leads.
fn stays_inside(path: &str, target: &str) -> bool {
    let parts = || target.split('/').filter(|part| !matches!(*part, "" | "."));
    let up = parts().take_while(|part| *part == "..").count();
    !target.is_empty()
        && !target.starts_with('/')
        && up <= path.matches('/').count()
        && parts().skip(up).all(|part| part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn archive(members: &[(&str, tar::EntryType, &str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for &(name, kind, link, data) in members {
            let mut header = tar::Header::new_ustar();
            // set_path refuses bad names; the field takes them.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
            header.set_entry_type(kind);
            header.set_mode(0o755);
            header.set_size(data.len() as u64);
            header.set_cksum();
            builder.append(&header, data).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn files_and_links_come_out() {
        use tar::EntryType as T;
        let bytes = archive(&[
            ("top/", T::Directory, "", b""),
            ("top/a/b", T::Regular, "", b"text"),
            ("top/a/c", T::Symlink, "../a/b", b""),
            ("top/d", T::Link, "top/a/b", b""),
        ]);
        let tree = untar(&bytes, 1).unwrap();
        assert_eq!(tree.keys().collect::<Vec<_>>(), ["a/b", "a/c", "d"]);
        assert_eq!(tree["d"].data(), Some(&b"text"[..]));
    }

    #[test]
    fn what_leaves_the_tree_is_refused() {
        use tar::EntryType as T;
        for (name, kind, link, why) in [
            ("/etc/passwd", T::Regular, "", "absolute name"),
            ("top/../../x", T::Regular, "", "'..'"),
            ("..", T::Directory, "", "'..'"),
            ("top/a\nb", T::Regular, "", "cannot hold"),
            ("top/l", T::Symlink, "/etc/passwd", "leaves the tree"),
            ("top/l", T::Symlink, "../x", "leaves the tree"),
            ("top/l", T::Symlink, "a/../../x", "leaves the tree"),
            ("top/l", T::Symlink, "a/b/c/../../x", "leaves the tree"),
            ("top/l", T::Link, "top/absent", "not in the tree"),
            ("top/l", T::Link, "/etc/passwd", "not in the tree"),
            ("top/null", T::Char, "", "device node"),
            ("top/sda", T::Block, "", "device node"),
            ("top/pipe", T::Fifo, "", "named pipe"),
            ("loose", T::Regular, "", "to strip"),
        ] {
            let error = untar(&archive(&[(name, kind, link, b"")]), 1).unwrap_err();
            assert!(error.contains(why), "{name} {kind:?} {link}: {error}");
        }
        let twice = ("top/a", T::Regular, "", &b""[..]);
        assert!(untar(&archive(&[twice, twice]), 1).unwrap_err().contains("twice"));
        let link = ("top/a", T::Symlink, "b", &b""[..]);
        let error = untar(&archive(&[link, ("top/a/x", T::Regular, "", b"")]), 1).unwrap_err();
        assert!(error.contains("below a file or link"), "{error}");
    }

    /// Each compression, whole and cut off at every byte.
    #[test]
    fn compressed_archives_are_whole_or_refused() {
        let plain = archive(&[("top/a", tar::EntryType::Regular, "", b"text")]);
        for program in ["cat", "gzip", "bzip2", "xz"] {
            let pipe = || Stdio::piped();
            let mut child = Command::new(program).stdin(pipe()).stdout(pipe()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(&plain).unwrap();
            let packed = child.wait_with_output().unwrap().stdout;
            assert_eq!(read(&packed, 1).unwrap()["a"].data(), Some(&b"text"[..]), "{program}");
            // Of a plain archive, the two blocks of zeros at the end may be missing.
            let end = packed.len() - if program == "cat" { 1024 } else { 0 };
            for end in 0..end {
                let error = read(&packed[..end], 1).err();
                error.unwrap_or_else(|| panic!("{program}: cut off at {end} and taken"));
            }
        }
    }
}

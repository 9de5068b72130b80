// SPDX-License-Identifier: MIT
//! Files that are there whole or not at all, and what a person is told when no space is left for them.

use anyhow::{Context, Error, Result};
use nix::sys::statvfs::statvfs;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A file system with less room than this, in bytes, counts as full.
const FULL: u64 = 64 << 10;

/// Lets `fill` write a file under a name of its own, in the folder of `path`, and then gives it that name. A device or
/// a pipe is written to as it is.
pub fn write_with(path: &Path, fill: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    let named = || path.display().to_string();
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let file = File::options().write(true).open(path).with_context(named)?;
        return fill(&file).with_context(named);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let part = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(named)?;
    fill(part.as_file()).with_context(named)?;
    part.persist(path).map(drop).with_context(named)
}

/// Writes a file with this content, or leaves what was there.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    write_with(path, |mut file| Ok(file.write_all(content.as_ref())?))
}

/// Says that `folder` is full if it is, for errors of programs and machines that write there and say less.
pub fn full(folder: &Path) -> Option<Error> {
    let stat = statvfs(folder).ok()?;
    let room = stat.blocks_available() as u64 * stat.fragment_size() as u64;
    (room < FULL)
        .then(|| Error::new(io::Error::from(ErrorKind::StorageFull)).context(folder.display().to_string()))
}

/// What to do about an error, where it is clear.
pub fn advice(error: &Error) -> Option<&'static str> {
    let is_full = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    };
    error.chain().any(is_full).then_some(
        "make room there (the checkout's out/ and target/ and the cache can be removed at any time) and type the command \
         again; nothing half-written was kept",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn what_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, "old").unwrap();
        let failed = write_with(&path, |mut file| {
            file.write_all(b"new")?;
            bail!("no more")
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("a: no more"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn a_full_device_is_named_with_advice() {
        let error = write(Path::new("/dev/full"), "x").unwrap_err();
        assert!(format!("{error:#}").contains("/dev/full: No space left"), "{error:#}");
        assert!(advice(&error).is_some());
        assert!(advice(&Error::msg("something else")).is_none());
        assert!(full(Path::new("/")).is_none());
    }
}

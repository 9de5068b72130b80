// SPDX-License-Identifier: MIT
//! The one spelling of a path that the formats accept.
//!
//! Archive members are relative (`src/hex0/a.hex0`); a step sees them at the same absolute path
//! (`/src/hex0/a.hex0`). Neither has empty, `.` or `..` components, control bytes or backslashes.

/// Whether `path` is an acceptable archive member name: relative, clean, valid for `sha256sum -c`.
pub fn is_member<T: AsRef<[u8]> + ?Sized>(path: &T) -> bool {
    let path = path.as_ref();
    path.iter().all(|&b| b >= b' ' && b != 0x7f && b != b'\\')
        && path.split(|&b| b == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
}

/// Whether `path` is an acceptable absolute path in a PLAN: clean, no blanks or quotes. A trailing slash
/// (`tree`) is not part of it: see [`split_tree`].
pub fn is_absolute<T: AsRef<[u8]> + ?Sized>(path: &T) -> bool {
    let path = path.as_ref();
    path.strip_prefix(b"/").is_some_and(is_member) && !path.iter().any(|b| matches!(b, b' ' | b'"'))
}

/// Splits the trailing slash off that marks "everything below": `("/lib", true)` for `/lib/`.
pub fn split_tree(path: &str) -> (&str, bool) {
    match path.strip_suffix("/") {
        Some(stem) => (stem, true),
        None => (path, false),
    }
}

/// Whether the pattern `outer` (a path, or `PATH/` for a tree) covers `inner` (likewise).
pub fn covers<T: AsRef<[u8]> + ?Sized>(outer: &str, inner: &T) -> bool {
    let (outer, inner) = (outer.as_bytes(), inner.as_ref());
    if outer.ends_with(b"/") { inner.starts_with(outer) } else { outer == inner }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_clean() {
        for good in ["PLAN", "src/hex0/a.hex0", "a/b c", "..a/b.."] {
            assert!(is_member(good), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "./a", "a/..", "a\nb", "a\\b", "a\u{7f}"] {
            assert!(!is_member(bad), "{bad:?}");
        }
    }

    #[test]
    fn trees_cover_what_is_below_them_only() {
        assert!(covers("/lib/", "/lib/a"));
        assert!(covers("/lib/", "/lib/"));
        assert!(!covers("/lib/", "/library/a"));
        assert!(!covers("/lib", "/lib/a"));
        assert!(covers("/lib", "/lib"));
    }
}

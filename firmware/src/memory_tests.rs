// SPDX-License-Identifier: MIT
//! The memory functions of x86_64, on a host of that architecture, against slices.

#[path = "x86_64/memory.rs"]
mod memory;

unsafe extern "C" {
    fn monitor_memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8;
    fn monitor_memmove(to: *mut u8, from: *const u8, n: usize) -> *mut u8;
    fn monitor_memset(to: *mut u8, byte: i32, n: usize) -> *mut u8;
    fn monitor_memcmp(a: *const u8, b: *const u8, n: usize) -> i32;
}

const LENGTHS: std::ops::Range<usize> = 0..150;

fn pattern() -> Vec<u8> {
    (0..400u32).map(|i| (i * 7 + i / 256) as u8).collect()
}

#[test]
fn copies_are_exact_whatever_overlaps() {
    for n in LENGTHS {
        for (to, from) in [(0, 200), (203, 1), (0, 0), (3, 4), (4, 3), (0, 31), (31, 0), (9, 40), (100, 37)] {
            let mut want = pattern();
            want.copy_within(from..from + n, to);
            let mut got = pattern();
            let at = got.as_mut_ptr();
            // SAFETY: both ranges lie in the 400 bytes.
            let end = unsafe { monitor_memmove(at.add(to), at.add(from), n) };
            assert_eq!(end, at.wrapping_add(to));
            assert!(got == want, "memmove {n} bytes from {from} to {to}");
            if to.abs_diff(from) >= n {
                let mut got = pattern();
                let at = got.as_mut_ptr();
                // SAFETY: as above, and they do not overlap.
                unsafe { monitor_memcpy(at.add(to), at.add(from), n) };
                assert!(got == want, "memcpy {n} bytes from {from} to {to}");
            }
        }
    }
}

#[test]
fn fills_are_exact() {
    for n in LENGTHS {
        for byte in [0, 0xa5, 0x1ff] {
            let mut want = pattern();
            want[5..5 + n].fill(byte as u8);
            let mut got = pattern();
            // SAFETY: the range lies in the 400 bytes.
            unsafe { monitor_memset(got.as_mut_ptr().add(5), byte, n) };
            assert!(got == want, "memset {n}");
        }
    }
}

#[test]
fn comparisons_see_the_first_difference_as_unsigned_bytes() {
    for n in LENGTHS {
        let a = pattern();
        // SAFETY: `n` bytes are there.
        assert_eq!(unsafe { monitor_memcmp(a.as_ptr(), pattern().as_ptr(), n) }, 0);
        for at in 0..n {
            let mut b = pattern();
            b[at] ^= 0x80;
            b[at + 1..].fill(0);
            // SAFETY: as above.
            let got = unsafe { monitor_memcmp(a.as_ptr(), b.as_ptr(), n) };
            assert_eq!(got.signum(), a[..n].cmp(&b[..n]) as i32, "{n} {at}");
        }
    }
}

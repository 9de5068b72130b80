// SPDX-License-Identifier: MIT
//! The page of settings. What is read is written again, and reads back as the same.
#![no_main]

use image_packer::payload::{MAGIC, PAGE, Payload, PayloadError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Payload::parse(data);
    // The same bytes as the page's text: the first line and the padding need not be guessed.
    let mut page = [MAGIC.as_bytes(), data].concat();
    page.resize(PAGE, 0);
    if let Ok(payload) = Payload::parse(&page) {
        match payload.to_page() {
            Ok(again) => assert_eq!(Payload::parse(&again), Ok(payload)),
            // The writer states the working directory in any case.
            Err(error) => assert_eq!(error, PayloadError::TooLong),
        }
    }
});

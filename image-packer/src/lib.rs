// SPDX-License-Identifier: MIT
//! The closure format that the host packer and the monitor share.
#![no_std]

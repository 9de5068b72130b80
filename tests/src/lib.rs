// SPDX-License-Identifier: MIT
//! End-to-end tests that boot images, and the corpora they use.

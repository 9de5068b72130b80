// SPDX-License-Identifier: MIT
//! Passes the linker script of the bare targets.

fn main() {
    let var = |name| std::env::var(name).unwrap_or_default();
    println!("cargo:rerun-if-changed=build.rs");
    if var("CARGO_CFG_TARGET_OS") == "none" {
        let script = format!("{}/link/{}.ld", var("CARGO_MANIFEST_DIR"), var("CARGO_CFG_TARGET_ARCH"));
        println!("cargo:rerun-if-changed={script}");
        println!("cargo:rustc-link-arg-bins=-T{script}");
        println!("cargo:rustc-link-arg-bins=--pack-dyn-relocs=relr");
        println!("cargo:rustc-link-arg-bins=-zmax-page-size=4096");
        println!("cargo:rustc-link-arg-bins=-znorelro");
        println!("cargo:rustc-link-arg-bins=--icf=all");
        if var("CARGO_CFG_TARGET_ARCH") == "aarch64" {
            println!("cargo:rustc-link-arg-bins=-pie");
            println!("cargo:rustc-link-arg-bins=--no-dynamic-linker");
        } else {
            println!("cargo:rustc-link-arg-bins=--no-pie");
        }
    }
}

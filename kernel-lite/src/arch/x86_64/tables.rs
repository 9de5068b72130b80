// SPDX-License-Identifier: MIT
//! The segment descriptors, the task state with its stacks, and the interrupt descriptors (SDM volume 3,
//! sections 3.4.5, 6.14, 7.7). The selectors are Linux's, which programs can see.

use core::arch::asm;

/// Selectors.
pub(super) const MONITOR_CODE: u64 = 0x10;
pub(super) const USER_DATA: u64 = 0x2b;
pub(super) const USER_CODE: u64 = 0x33;
const MONITOR_DATA: u64 = 0x18;
const TASK: u64 = 0x38;

/// Present 64-bit code, and present writable data; bits 45 and 46 are the privilege level.
const CODE: u64 = 0x00af_9b00_0000_ffff;
const DATA: u64 = 0x00cf_9300_0000_ffff;
const RING_3: u64 = 3 << 45;

/// The task state: of it only the stacks are used.
#[repr(C, packed(4))]
pub(super) struct Task {
    reserved: u32,
    /// Stack pointer on a change to ring 0: the end of a thread's interrupt frame.
    pub rsp0: u64,
    rsp1_2: [u64; 2],
    reserved2: u64,
    /// Stacks that an interrupt descriptor can ask for; 1 is for the monitor's last words.
    ist: [u64; 7],
    reserved3: u64,
    reserved4: u16,
    io_map: u16,
}

#[repr(C, align(16))]
struct Stack([u8; 8192]);

#[derive(Clone, Copy)]
#[repr(C)]
struct Gate {
    low: u64,
    high: u64,
}

#[repr(C, packed)]
struct Pointer {
    limit: u16,
    base: u64,
}

pub(super) static mut TASK_STATE: Task = Task {
    reserved: 0,
    rsp0: 0,
    rsp1_2: [0; 2],
    reserved2: 0,
    ist: [0; 7],
    reserved3: 0,
    reserved4: 0,
    // Past the limit: no port is open to user mode.
    io_map: size_of::<Task>() as u16,
};
static mut SEGMENTS: [u64; 9] = [0, 0, CODE, DATA, 0, DATA | RING_3, CODE | RING_3, 0, 0];
static mut GATES: [Gate; 256] = [Gate { low: 0, high: 0 }; 256];
static mut LAST_WORDS: Stack = Stack([0; 8192]);

/// Vectors that run on a stack of their own: NMI, double fault, machine check.
const OWN_STACK: [usize; 3] = [2, 8, 18];
/// Vectors that user mode may raise by an instruction: break point, overflow.
const FROM_RING_3: [usize; 2] = [3, 4];

/// Loads the tables. `stub(vector)` is the address of an exception's entry.
pub(super) fn load(stub: &dyn Fn(usize) -> u64) {
    // SAFETY: one core; nobody else has references to these tables. They describe the flat 64-bit segments
    // that are in use already, and stay where they are.
    unsafe {
        let task = &raw mut TASK_STATE;
        (*task).ist[0] = (&raw const LAST_WORDS).addr() as u64 + size_of::<Stack>() as u64;
        let base = task.addr() as u64;
        let limit = size_of::<Task>() as u64 - 1;
        // An available 64-bit task state segment: two words.
        let descriptor = limit | (base & 0xff_ffff) << 16 | 0x89 << 40 | (base >> 24 & 0xff) << 56;
        let segments = &raw mut SEGMENTS;
        (*segments)[7] = descriptor;
        (*segments)[8] = base >> 32;
        let gates = &raw mut GATES;
        for (vector, gate) in (*gates).iter_mut().enumerate() {
            let at = stub(vector);
            if at == 0 {
                continue;
            }
            let ist = OWN_STACK.contains(&vector) as u64;
            let ring = if FROM_RING_3.contains(&vector) { 3 } else { 0 };
            // Present interrupt gate: interrupts stay off.
            gate.low = at & 0xffff
                | MONITOR_CODE << 16
                | ist << 32
                | 0x8e << 40
                | ring << 45
                | (at >> 16 & 0xffff) << 48;
            gate.high = at >> 32;
        }
        let gdt = Pointer { limit: size_of::<[u64; 9]>() as u16 - 1, base: segments.addr() as u64 };
        let idt =
            Pointer { limit: size_of::<[Gate; 256]>() as u16 - 1, base: (&raw const GATES).addr() as u64 };
        asm!(
            "lgdt [{gdt}]",
            "push {code}",
            "lea {t}, [rip + 2f]",
            "push {t}",
            "retfq",
            "2:",
            "mov ss, {data:x}",
            "mov ds, {data:x}",
            "mov es, {data:x}",
            "xor {t:e}, {t:e}",
            "mov fs, {t:x}",
            "mov gs, {t:x}",
            "lidt [{idt}]",
            "ltr {task:x}",
            gdt = in(reg) &gdt,
            idt = in(reg) &idt,
            code = const MONITOR_CODE,
            data = in(reg) MONITOR_DATA,
            task = in(reg) TASK,
            t = out(reg) _,
        );
    }
}

//! Turns a fault inside three assembly routines into a return value (Linux, AArch64).
//!
//! The routines are leaves that touch neither the stack nor a callee-saved register, so that "return from here" is the
//! right thing to do at any of their instructions: the landing pad is one `ret`, with the outcome set by the handler.

use super::Outcome;
use libc::{c_void, ucontext_t};
use std::arch::global_asm;

// Flags in the assembly are those of `Outcome`: 1 faulted, 2 terminated, 4 not ASCII.
global_asm!(
    r#"
    .pushsection .text.holdfast_fault,"ax",@progbits
    .globl holdfast_fault_begin, holdfast_fault_end, holdfast_fault_landing
    .hidden holdfast_fault_begin, holdfast_fault_end, holdfast_fault_landing
    .globl holdfast_fault_copy, holdfast_fault_scan, holdfast_fault_scan_wide
    .hidden holdfast_fault_copy, holdfast_fault_scan, holdfast_fault_scan_wide
    .type holdfast_fault_copy,@function
    .type holdfast_fault_scan,@function
    .type holdfast_fault_scan_wide,@function

    .p2align 4
holdfast_fault_begin:

// copy(x0 = dst, x1 = src, x2 = len): 16 bytes at a time, then single ones.
holdfast_fault_copy:
    .cfi_startproc
2:  subs x3, x2, #16
    b.lo 3f
    ldp x4, x5, [x1], #16
    stp x4, x5, [x0], #16
    mov x2, x3
    b 2b
3:  cbz x2, 4f
    ldrb w4, [x1], #1
    strb w4, [x0], #1
    sub x2, x2, #1
    b 3b
4:  mov x0, #0
    ret
    .cfi_endproc
    .size holdfast_fault_copy, . - holdfast_fault_copy

// scan(x0 = src, x1 = max) and scan_wide: one unit at a time. x2 = units before this one, w3 = all of them or-ed.
holdfast_fault_scan:
    .cfi_startproc
    mov x2, #0
    mov w3, #0
2:  cmp x2, x1
    b.hs 8f
    ldrb w4, [x0, x2]
    cbz w4, 7f
    orr w3, w3, w4
    add x2, x2, #1
    b 2b
    .cfi_endproc
    .size holdfast_fault_scan, . - holdfast_fault_scan

holdfast_fault_scan_wide:
    .cfi_startproc
    mov x2, #0
    mov w3, #0
2:  cmp x2, x1
    b.hs 8f
    ldr w4, [x0, x2, lsl #2]
    cbz w4, 7f
    orr w3, w3, w4
    add x2, x2, #1
    b 2b
7:  mov x0, #2
    b 9f
8:  mov x0, #0
9:  tst w3, #0xffffff80
    mov x1, x2
    b.eq 5f
    orr x0, x0, #4
5:  ret
    .cfi_endproc
    .size holdfast_fault_scan_wide, . - holdfast_fault_scan_wide

holdfast_fault_end:
holdfast_fault_landing:
    .cfi_startproc
    ret
    .cfi_endproc
    .popsection
"#
);

unsafe extern "C" {
    static holdfast_fault_begin: u8;
    static holdfast_fault_end: u8;
    static holdfast_fault_landing: u8;
}

/// If `context` was interrupted inside the routines, makes it return `Outcome { FAULTED, address }` when it goes on.
///
/// # Safety
/// - `context` is the third argument of a running `SA_SIGINFO` handler.
pub(super) unsafe fn land(context: *mut c_void, address: usize) -> bool {
    // SAFETY: by the caller's promise it is the kernel's `ucontext_t`, and only this handler holds it now.
    let context = unsafe { &mut *context.cast::<ucontext_t>() };
    let machine = &mut context.uc_mcontext;
    let routines = (&raw const holdfast_fault_begin).addr()..(&raw const holdfast_fault_end).addr();
    if !routines.contains(&(machine.pc as usize)) {
        return false;
    }
    machine.pc = (&raw const holdfast_fault_landing).addr() as u64;
    machine.regs[0] = Outcome::FAULTED as u64;
    machine.regs[1] = address as u64;
    true
}

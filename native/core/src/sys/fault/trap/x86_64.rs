//! Turns a fault inside three assembly routines into a return value (Linux, x86-64).
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

    .p2align 6
holdfast_fault_begin:

// copy(rdi = dst, rsi = src, rdx = len). Short lengths are two moves that overlap in the middle, all loads first.
holdfast_fault_copy:
    .cfi_startproc
    mov rcx, rdx
    xor eax, eax
    cmp rcx, 16
    jae 4f
    cmp ecx, 8
    jae 3f
    cmp ecx, 4
    jae 2f
    test ecx, ecx
    jz 9f
    mov r10d, ecx
    shr r10d
    movzx r8d, byte ptr [rsi]
    movzx r9d, byte ptr [rsi + r10]
    movzx r11d, byte ptr [rsi + rcx - 1]
    mov byte ptr [rdi], r8b
    mov byte ptr [rdi + r10], r9b
    mov byte ptr [rdi + rcx - 1], r11b
    ret
2:  mov r8d, dword ptr [rsi]
    mov r9d, dword ptr [rsi + rcx - 4]
    mov dword ptr [rdi], r8d
    mov dword ptr [rdi + rcx - 4], r9d
    ret
3:  mov r8, qword ptr [rsi]
    mov r9, qword ptr [rsi + rcx - 8]
    mov qword ptr [rdi], r8
    mov qword ptr [rdi + rcx - 8], r9
    ret
4:  cmp rcx, 32
    ja 5f
    movdqu xmm0, xmmword ptr [rsi]
    movdqu xmm1, xmmword ptr [rsi + rcx - 16]
    movdqu xmmword ptr [rdi], xmm0
    movdqu xmmword ptr [rdi + rcx - 16], xmm1
    ret
5:  cmp rcx, 2048
    jae 7f
    movdqu xmm0, xmmword ptr [rsi + rcx - 32]
    movdqu xmm1, xmmword ptr [rsi + rcx - 16]
    lea r8, [rcx - 32]
    xor r9d, r9d
6:  movdqu xmm2, xmmword ptr [rsi + r9]
    movdqu xmm3, xmmword ptr [rsi + r9 + 16]
    movdqu xmmword ptr [rdi + r9], xmm2
    movdqu xmmword ptr [rdi + r9 + 16], xmm3
    add r9, 32
    cmp r9, r8
    jb 6b
    movdqu xmmword ptr [rdi + rcx - 32], xmm0
    movdqu xmmword ptr [rdi + rcx - 16], xmm1
    ret
7:  rep movsb
9:  ret
    .cfi_endproc
    .size holdfast_fault_copy, . - holdfast_fault_copy

// scan(rdi = src, rsi = max): 16 bytes at a time, aligned, so that no load reaches into a page that the string may not
// reach itself. rdx = bytes before this block, eax = its NULs, r8d = its bytes >= 0x80, r9d = those of all before it.
    .p2align 6
holdfast_fault_scan:
    .cfi_startproc
    test rsi, rsi
    jz 6f
    mov ecx, edi
    and ecx, 15
    mov r11, rdi
    and r11, -16
    xor edx, edx
    xor r9d, r9d
    pxor xmm0, xmm0
    movdqa xmm1, xmmword ptr [r11]
    pmovmskb r8d, xmm1
    pcmpeqb xmm1, xmm0
    pmovmskb eax, xmm1
    shr r8d, cl
    shr eax, cl
    test eax, eax
    jnz 3f
    mov r10d, 16
    sub r10d, ecx
    jmp 4f
2:  movdqa xmm1, xmmword ptr [rdi + rdx]
    pmovmskb r8d, xmm1
    pcmpeqb xmm1, xmm0
    pmovmskb eax, xmm1
    test eax, eax
    jnz 3f
    lea r10, [rdx + 16]
4:  cmp r10, rsi
    jae 5f
    or r9d, r8d
    mov rdx, r10
    jmp 2b
3:  bsf eax, eax
    mov r10, rsi
    sub r10, rdx
    cmp rax, r10
    jae 5f
    add rdx, rax
    mov ecx, eax
    xor ecx, 31
    shl r8d, cl
    mov eax, 2
    jmp 7f
5:  mov ecx, edx
    sub ecx, esi
    add ecx, 32
    shl r8d, cl
    mov rdx, rsi
    xor eax, eax
7:  or r9d, r8d
    jz 8f
    or eax, 4
8:  ret
6:  xor eax, eax
    xor edx, edx
    ret
    .cfi_endproc
    .size holdfast_fault_scan, . - holdfast_fault_scan

// scan_wide(rdi = src, rsi = max): one unit of 4 bytes at a time. rdx = units before this one, r9d = all of them or-ed.
    .p2align 4
holdfast_fault_scan_wide:
    .cfi_startproc
    xor edx, edx
    xor r9d, r9d
    xor eax, eax
2:  cmp rdx, rsi
    jae 4f
    mov ecx, dword ptr [rdi + rdx * 4]
    test ecx, ecx
    jz 3f
    or r9d, ecx
    inc rdx
    jmp 2b
3:  mov eax, 2
4:  test r9d, -128
    jz 5f
    or eax, 4
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
    let registers = &mut context.uc_mcontext.gregs;
    let routines = (&raw const holdfast_fault_begin).addr()..(&raw const holdfast_fault_end).addr();
    if !routines.contains(&(registers[libc::REG_RIP as usize] as usize)) {
        return false;
    }
    registers[libc::REG_RIP as usize] = (&raw const holdfast_fault_landing).addr() as i64;
    registers[libc::REG_RAX as usize] = Outcome::FAULTED as i64;
    registers[libc::REG_RDX as usize] = address as i64;
    true
}

//! Turns the pointers that libffi hands to a closure into slices of the sizes that its interface states.

use std::ffi::c_void;
use std::marker::PhantomData;

use libffi_sys::{FFI_TYPE_DOUBLE, FFI_TYPE_FLOAT, FFI_TYPE_STRUCT, FFI_TYPE_VOID, ffi_cif, ffi_type};

/// The arguments of one call. Borrowed from C's stack for as long as the call lasts.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'c> {
    cif: *const ffi_cif,
    values: *const *const u8,
    call: PhantomData<&'c u8>,
}

impl<'c> Arguments<'c> {
    /// # Safety
    /// - `values` has a pointer to a value for each argument of `cif`, all alive for `'c`.
    pub(super) unsafe fn new(cif: *const ffi_cif, values: *mut *mut c_void) -> Arguments<'c> {
        Arguments { cif, values: values.cast_const().cast(), call: PhantomData }
    }

    /// The first `size` bytes of an argument; fewer if it has fewer, none if there is no such argument.
    #[inline]
    #[must_use]
    pub fn bytes(&self, position: usize, size: usize) -> &'c [u8] {
        // SAFETY: the promise of `new`: the interface of the running call.
        let cif = unsafe { &*self.cif };
        if position >= cif.nargs as usize {
            return &[];
        }
        // SAFETY: below `nargs`, which is how many types the interface has.
        let kind = unsafe { *cif.arg_types.wrapping_add(position) };
        // SAFETY: below `nargs`, which is how many values the call has.
        let value = unsafe { *self.values.wrapping_add(position) };
        // SAFETY: a prepared interface refers to live descriptions.
        let known = unsafe { (*kind).size };
        // SAFETY: a value of that type has its bytes there until the call returns.
        unsafe { std::slice::from_raw_parts(value, size.min(known)) }
    }
}

/// Where C looks for the result of one call. Zeroed when made, so that whatever goes wrong gives C zero.
#[derive(Debug)]
pub struct Place<'c> {
    start: *mut u8,
    room: usize,
    call: PhantomData<&'c mut u8>,
}

impl Place<'_> {
    /// # Safety
    /// - `start` is where libffi wants the result of `cif`, nobody else's until the call returns.
    pub(super) unsafe fn new<'c>(cif: *const ffi_cif, start: *mut c_void) -> Place<'c> {
        // SAFETY: the interface of the running call.
        let kind = unsafe { (*cif).rtype };
        // SAFETY: a prepared interface refers to a live description of the result.
        let room = room_of(unsafe { &*kind });
        let mut place = Place { start: start.cast(), room, call: PhantomData };
        // A register's width, as almost always, takes one store and no call.
        match <&mut [u8; 8]>::try_from(place.bytes()) {
            Ok(word) => *word = [0; 8],
            Err(_) => place.bytes().fill(0),
        }
        place
    }

    /// Writes the result's bytes; more than there is room for are left out.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        let room = self.bytes();
        if let (Some(word), Ok(bytes)) = (room.first_chunk_mut::<8>(), <[u8; 8]>::try_from(bytes)) {
            *word = bytes;
            return;
        }
        let length = bytes.len().min(room.len());
        room[..length].copy_from_slice(&bytes[..length]);
    }

    fn bytes(&mut self) -> &mut [u8] {
        if self.room == 0 {
            return &mut [];
        }
        // SAFETY: libffi gives this much room for a result of this type (`room_of`), and `new` promised that it is ours.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.room) }
    }
}

/// libffi wants integers and pointers widened to a register; floats and structs take their own size.
fn room_of(kind: &ffi_type) -> usize {
    match kind.type_ {
        FFI_TYPE_VOID => 0,
        FFI_TYPE_FLOAT | FFI_TYPE_DOUBLE | FFI_TYPE_STRUCT => kind.size,
        _ => kind.size.max(size_of::<usize>()),
    }
}

//! Secrets as valgrind's memcheck sees them: memory that was never written. A branch or an address that depends on such memory is an error to
//! it, and copies and results of arithmetic depend on what they were made of.

use std::ffi::{c_int, c_uint, c_void};

#[allow(unsafe_code, reason = "requests to valgrind are macros of C")]
// SAFETY: the signatures are those of memcheck.c, which takes any address and any length.
unsafe extern "C" {
    safe fn sealwright_under_memcheck() -> c_int;
    safe fn sealwright_complaints() -> c_uint;
    safe fn sealwright_make_undefined(start: *const c_void, length: usize);
    safe fn sealwright_make_defined(start: *mut c_void, length: usize);
}

/// Whether valgrind looks at all.
pub fn is_watching() -> bool {
    sealwright_under_memcheck() != 0
}

/// How many branches and addresses depended on secrets until now, without those that declassified.supp explains.
pub fn complaints() -> u32 {
    sealwright_complaints()
}

/// From now on nothing may depend on these bytes.
pub fn conceal(secret: &[u8]) {
    sealwright_make_undefined(secret.as_ptr().cast(), secret.len());
}

/// From now on anything may depend on these bytes, and on what is made of them.
pub fn reveal(bytes: &mut [u8]) {
    sealwright_make_defined(bytes.as_mut_ptr().cast(), bytes.len());
}

/// The same for the value itself, not for what it points to: the verdict of an operation, a length.
pub fn reveal_value<T>(value: &mut T) {
    sealwright_make_defined(std::ptr::from_mut(value).cast(), size_of::<T>());
}

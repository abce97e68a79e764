//! The memory of the program: whatever is freed is wiped first.
//!
//! Types wipe the secrets that they hold. Libraries leave others behind: the 16 MiB that scrypt works in, the state of a MAC, the buffers of
//! parsers. Here they go too. Blocks are kept for the next request, because asking the system for 16 MiB at each derivation makes
//! several threads wait for each other.

use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED_WHEN_FREED: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

//! libFuzzer for `Link` headers: the target `link` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("link").unwrap().check)(data));

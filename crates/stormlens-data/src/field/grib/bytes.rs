//! Numbers in sections, by the octets that the manual counts from 1.

/// A section with its head.
#[derive(Clone, Copy)]
pub(super) struct Section<'a>(pub &'a [u8]);

impl Section<'_> {
    fn array<const N: usize>(&self, octet: usize) -> Result<[u8; N], String> {
        let bytes = self.0.get(octet - 1..octet - 1 + N);
        let found = bytes.and_then(|bytes| bytes.try_into().ok());
        found.ok_or_else(|| {
            let number = self.0.get(4).copied().unwrap_or(0);
            format!("section {number} has {} bytes and ends too early", self.0.len())
        })
    }

    pub fn u8(&self, octet: usize) -> Result<u8, String> {
        self.array::<1>(octet).map(|[byte]| byte)
    }

    pub fn u16(&self, octet: usize) -> Result<u16, String> {
        self.array(octet).map(u16::from_be_bytes)
    }

    pub fn u32(&self, octet: usize) -> Result<u32, String> {
        self.array(octet).map(u32::from_be_bytes)
    }

    /// Three octets.
    pub fn u24(&self, octet: usize) -> Result<u32, String> {
        self.array(octet).map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Three octets whose first bit is the sign.
    pub fn signed_u24(&self, octet: usize) -> Result<i64, String> {
        let bits = self.u24(octet)?;
        let size = i64::from(bits & 0x7F_FFFF);
        Ok(if bits >> 23 == 1 { -size } else { size })
    }

    /// Two octets whose first bit is the sign.
    pub fn signed_u16(&self, octet: usize) -> Result<i32, String> {
        let bits = self.u16(octet)?;
        let size = i32::from(bits & 0x7FFF);
        Ok(if bits >> 15 == 1 { -size } else { size })
    }

    /// A number whose first bit is its sign.
    pub fn signed(&self, octet: usize) -> Result<i64, String> {
        let bits = self.u32(octet)?;
        let size = i64::from(bits & 0x7FFF_FFFF);
        Ok(if bits >> 31 == 1 { -size } else { size })
    }

    /// A number of one byte whose first bit is its sign.
    pub fn signed_u8(&self, octet: usize) -> Result<i32, String> {
        let bits = self.u8(octet)?;
        let size = i32::from(bits & 0x7F);
        Ok(if bits >> 7 == 1 { -size } else { size })
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Bits from the highest of each byte on.
pub struct Bits<'a> {
    pub bytes: &'a [u8],
    /// Bits taken so far.
    pub at: usize,
}

impl Bits<'_> {
    /// The next `n` bits, at most 32; `None` beyond the end.
    pub fn take(&mut self, n: u8) -> Option<u32> {
        let mut value = 0_u64;
        let (first, last) = (self.at / 8, (self.at + usize::from(n)).div_ceil(8));
        for &byte in self.bytes.get(first..last)? {
            value = (value << 8) | u64::from(byte);
        }
        self.at += usize::from(n);
        let behind = last * 8 - self.at;
        let mask = (1_u64 << n) - 1;
        u32::try_from((value >> behind) & mask).ok()
    }
}

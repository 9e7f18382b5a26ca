//! Bits and Huffman codes (T.81, annexes C and F).

/// Why compressed pixels cannot be walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// There are no more.
    Ended,
    Contradiction,
}

/// Bits up to the next marker, the most significant first.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    n_held: u32,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, n_held: 0 }
    }

    /// Takes bytes in until there are bits enough for a code, or no more bytes. Behind FF stands 00, or it is a marker.
    fn fill(&mut self) {
        while self.n_held <= 48 {
            let n_bytes = match self.bytes.get(self.at..) {
                Some([0xFF, 0, ..]) => 2,
                Some([0xFF, ..] | []) | None => return,
                Some(_) => 1,
            };
            self.held = (self.held << 8) | u64::from(self.bytes[self.at]);
            self.n_held += 8;
            self.at += n_bytes;
        }
    }

    /// The next 16 bits, with zeros behind the last one.
    fn peek(&mut self) -> u16 {
        if self.n_held < 16 {
            self.fill();
        }
        match self.n_held.checked_sub(16) {
            Some(beyond) => (self.held >> beyond) as u16,
            None => (self.held << (16 - self.n_held)) as u16,
        }
    }

    fn skip(&mut self, n_bits: u32) -> Result<(), Stop> {
        self.n_held = self.n_held.checked_sub(n_bits).ok_or(Stop::Ended)?;
        Ok(())
    }

    /// At most 16 bits as a number.
    pub fn take(&mut self, n_bits: u32) -> Result<u32, Stop> {
        let next = u32::from(self.peek());
        self.skip(n_bits)?;
        Ok(if n_bits == 0 { 0 } else { next >> (16 - n_bits) })
    }

    /// Goes behind the restart marker of a number, 0 to 7.
    pub fn restart(&mut self, number: u8) -> Result<(), Stop> {
        (self.held, self.n_held) = (0, 0);
        self.at = self.marker();
        match self.bytes.get(self.at + 1) {
            Some(marker) if *marker == 0xD0 + number => {
                self.at += 2;
                Ok(())
            }
            _ => Err(Stop::Ended),
        }
    }

    /// Where the next marker is; fill bytes before it are left out.
    fn marker(&self) -> usize {
        let is_marker = |at: &usize| match self.bytes.get(*at..) {
            Some([0xFF, code, ..]) => !matches!(code, 0 | 0xFF),
            _ => false,
        };
        (self.at..self.bytes.len()).find(is_marker).unwrap_or(self.bytes.len())
    }

    /// How many bytes there are up to the marker that ends the scan.
    pub fn end(&self) -> usize {
        let mut behind = Self { held: 0, n_held: 0, ..*self };
        loop {
            behind.at = behind.marker();
            match behind.bytes.get(behind.at + 1) {
                Some(marker) if super::RESTART.contains(marker) => behind.at += 2,
                _ => return behind.at,
            }
        }
    }
}

/// Bits that are looked up at once.
const QUICK: u32 = 9;

/// A table of Huffman codes.
pub struct Table {
    /// Length and value of the code that the next bits begin with; length 0: it is longer.
    quick: Vec<(u8, u8)>,
    /// Of each length the first code behind its last one, at 16 bits; and what leads from a code to its value.
    ends: [(u32, i32); 17],
    values: Vec<u8>,
}

impl Table {
    /// From the number of codes of each length and their values in order (T.81, C.2); `None` where there are more
    /// codes than a length has.
    pub fn new(counts: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut quick = vec![(0, 0); 1 << QUICK];
        let mut ends = [(0, 0); 17];
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, &count) in (1_u32..).zip(counts) {
            ends[length as usize].1 = place as i32 - code as i32;
            for &value in &values[place..place + usize::from(count)] {
                if code >> length != 0 {
                    return None;
                }
                if length <= QUICK {
                    let first = (code << (QUICK - length)) as usize;
                    quick[first..first + (1 << (QUICK - length))].fill((length as u8, value));
                }
                code += 1;
            }
            place += usize::from(count);
            ends[length as usize].0 = code << (16 - length);
            code <<= 1;
        }
        Some(Self { quick, ends, values: values.to_vec() })
    }

    /// The value of the next code.
    pub fn decode(&self, bits: &mut Bits<'_>) -> Result<u8, Stop> {
        let next = bits.peek();
        let (length, value) = self.quick[usize::from(next >> (16 - QUICK))];
        if length > 0 {
            bits.skip(length.into())?;
            return Ok(value);
        }
        let is_within = |length: &u32| u32::from(next) < self.ends[*length as usize].0;
        // Zeros behind the last bit are no code.
        let none = if bits.n_held < 16 { Stop::Ended } else { Stop::Contradiction };
        let length = (QUICK + 1..=16).find(is_within).ok_or(none)?;
        let place = i32::from(next >> (16 - length)) + self.ends[length as usize].1;
        bits.skip(length)?;
        let value = usize::try_from(place).ok().and_then(|place| self.values.get(place));
        value.copied().ok_or(Stop::Contradiction)
    }
}

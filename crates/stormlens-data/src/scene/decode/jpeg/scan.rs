//! One pass over the blocks of a frame (T.81, B.2.3, F.2 and G.1).

use super::entropy::{Bits, Stop, Table};
use super::frame::Frame;

type Tables = [[Option<Table>; 4]; 2];

/// A scan header.
pub struct Scan {
    /// Place of each component in the frame, and of its tables of DC and of AC coefficients.
    parts: Vec<Part>,
    /// Coefficients from … to.
    first: usize,
    last: usize,
    is_progressive: bool,
    /// Whether the coefficients are known but for their last bits.
    is_refinement: bool,
}

#[derive(Clone, Copy)]
struct Part {
    component: usize,
    dc: usize,
    ac: usize,
}

impl Scan {
    /// Reads a header, and takes down what will be known after the scan. `None` for what is none.
    pub fn read(header: &[u8], frame: &mut Frame) -> Option<Self> {
        let (n, rest) = header.split_first()?;
        let (described, rest) = rest.split_at_checked(2 * usize::from(*n))?;
        let &[first, last, bits, ..] = rest else { return None };
        let part = |[id, tables]: &[u8; 2]| {
            let component = frame.components.iter().position(|component| component.id == *id)?;
            Some(Part { component, dc: (tables >> 4).into(), ac: (tables & 15).into() })
        };
        let parts: Vec<Part> = described.as_chunks().0.iter().map(part).collect::<Option<_>>()?;
        // Sequential frames have it all in one scan, whatever the header says.
        let (first, last, from_bit, to_bit) = match frame.is_progressive {
            true => (first.into(), last.into(), bits >> 4, bits & 15),
            false => (0, 63, 0, 0),
        };
        let is_one_kind = !frame.is_progressive || (first == 0) == (last == 0);
        let is_alone = !frame.is_progressive || first == 0 || parts.len() == 1;
        if parts.is_empty() || first > last || last > 63 || !is_one_kind || !is_alone {
            return None;
        }
        for part in &parts {
            frame.components[part.component].known_to_bit[first..=last].fill(Some(to_bit));
        }
        let is_progressive = frame.is_progressive;
        Some(Self { parts, first, last, is_progressive, is_refinement: from_bit > 0 })
    }

    /// Goes through all blocks. Where there are no more, says which share of them was there.
    pub fn walk(
        &self,
        frame: &mut Frame,
        tables: &Tables,
        restart_interval: usize,
        bits: &mut Bits<'_>,
    ) -> Result<(), (Stop, f64)> {
        // One component alone has its own blocks, several have units of some blocks each.
        let [across, down] = match self.parts[..] {
            [Part { component, .. }] => frame.components[component].n_blocks,
            _ => frame.n_units,
        };
        let n_units = across * down;
        let mut run = Run { scan: self, tables, end_of_band: 0 };
        for unit in 0..n_units {
            let stopped = |stop| (stop, unit as f64 / n_units as f64);
            if restart_interval > 0 && unit > 0 && unit % restart_interval == 0 {
                let number = (unit / restart_interval - 1) % 8;
                bits.restart(number as u8).map_err(stopped)?;
                run.end_of_band = 0;
            }
            run.unit(frame, [unit % across, unit / across], bits).map_err(stopped)?;
        }
        Ok(())
    }
}

/// The state within a scan.
struct Run<'a> {
    scan: &'a Scan,
    tables: &'a Tables,
    /// Blocks to come in which all further coefficients are zero.
    end_of_band: u32,
}

impl Run<'_> {
    fn unit(
        &mut self,
        frame: &mut Frame,
        [column, row]: [usize; 2],
        bits: &mut Bits<'_>,
    ) -> Result<(), Stop> {
        let scan = self.scan;
        let parts = &scan.parts;
        for part in parts {
            let component = &mut frame.components[part.component];
            let [across, down] = if parts.len() == 1 { [1; 2] } else { component.sampling };
            for place in 0..across * down {
                let (x, y) = (column * across + place % across, row * down + place / across);
                let mut unused = 0;
                let stored = component.non_zero.get_mut(y * component.stride + x);
                self.block(part, stored.unwrap_or(&mut unused), bits)?;
            }
        }
        Ok(())
    }

    fn table(&self, kind: usize, place: usize) -> Result<&Table, Stop> {
        let table = self.tables[kind].get(place).and_then(Option::as_ref);
        table.ok_or(Stop::Contradiction)
    }

    fn block(&mut self, part: &Part, non_zero: &mut u64, bits: &mut Bits<'_>) -> Result<(), Stop> {
        let Scan { first, last, is_refinement, .. } = *self.scan;
        if first == 0 {
            match is_refinement {
                true => bits.take(1)?,
                false => {
                    let n_bits = self.table(0, part.dc)?.decode(bits)?;
                    bits.take(bounded(n_bits)?)?
                }
            };
        }
        match (last, is_refinement) {
            (0, _) => Ok(()),
            (_, false) => self.coefficients(part, non_zero, bits),
            (_, true) => self.refined(part, non_zero, bits),
        }
    }

    /// AC coefficients of a block, or their first bits.
    fn coefficients(
        &mut self,
        part: &Part,
        non_zero: &mut u64,
        bits: &mut Bits<'_>,
    ) -> Result<(), Stop> {
        if self.end_of_band > 0 {
            self.end_of_band -= 1;
            return Ok(());
        }
        let Scan { first, last, .. } = *self.scan;
        let mut at = first.max(1);
        while at <= last {
            let code = self.table(1, part.ac)?.decode(bits)?;
            let (n_zeros, n_bits) = (code >> 4, code & 15);
            match (n_zeros, n_bits) {
                (15, 0) => at += 16,
                // Sequential frames know no runs of blocks.
                (_, 0) if !self.scan.is_progressive => return Ok(()),
                (_, 0) => {
                    self.end_of_band = (1 << n_zeros) - 1 + bits.take(n_zeros.into())?;
                    return Ok(());
                }
                _ => {
                    at += usize::from(n_zeros);
                    if at > last {
                        return Err(Stop::Contradiction);
                    }
                    bits.take(n_bits.into())?;
                    *non_zero |= 1 << at;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// One more bit of AC coefficients of a block.
    fn refined(
        &mut self,
        part: &Part,
        non_zero: &mut u64,
        bits: &mut Bits<'_>,
    ) -> Result<(), Stop> {
        let Scan { first, last, .. } = *self.scan;
        let mut at = first;
        while self.end_of_band == 0 && at <= last {
            let code = self.table(1, part.ac)?.decode(bits)?;
            let (mut n_zeros, is_new) = (code >> 4, code & 15 != 0);
            if is_new {
                bits.take(1)?;
            } else if n_zeros < 15 {
                self.end_of_band = (1 << n_zeros) + bits.take(n_zeros.into())?;
                break;
            }
            while at <= last {
                if *non_zero & (1 << at) != 0 {
                    bits.take(1)?;
                } else if n_zeros == 0 {
                    break;
                } else {
                    n_zeros -= 1;
                }
                at += 1;
            }
            if is_new && at <= last {
                *non_zero |= 1 << at;
            }
            at += 1;
        }
        if self.end_of_band > 0 {
            let known = (at..=last).filter(|at| *non_zero & (1 << at) != 0).count();
            (0..known).try_for_each(|_| bits.take(1).map(drop))?;
            self.end_of_band -= 1;
        }
        Ok(())
    }
}

/// Bits of a DC difference: at most 16.
fn bounded(n_bits: u8) -> Result<u32, Stop> {
    if n_bits <= 16 { Ok(n_bits.into()) } else { Err(Stop::Contradiction) }
}

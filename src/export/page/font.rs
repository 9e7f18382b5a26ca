//! A TrueType font cut down to some characters.
//!
//! The format is that of the OpenType specification 1.9 (Microsoft), chapters `glyf`, `loca`, `cmap`,
//! `hmtx` and "Font file". Kerning stays behind: figures are laid out without it.

use std::collections::BTreeMap;

use ttf_parser::{Face, RawFace, Tag};

/// Tables that stay as they are. Browsers refuse fonts without any of them.
const KEPT: [&[u8; 4]; 3] = [b"OS/2", b"name", b"post"];
/// Flags of a part of a composite glyph.
const WORDS: u16 = 0x1;
const SCALE: u16 = 0x8;
const MORE: u16 = 0x20;
const TWO_SCALES: u16 = 0x40;
const MATRIX: u16 = 0x80;

/// The font with the glyphs of `characters` alone, numbered anew; characters that it has no glyph for
/// are left out. `None` where the font is not of TrueType outlines or breaks off.
pub fn cut(font: &[u8], characters: &str) -> Option<Vec<u8>> {
    let source = Source::open(font)?;
    let mut glyphs = Glyphs::default();
    glyphs.number(0);
    let mut mapped = BTreeMap::new();
    for character in characters.chars().filter(|c| !c.is_control()) {
        if let Some(glyph) = source.face.glyph_index(character) {
            mapped.insert(u32::from(character), glyphs.number(glyph.0));
        }
    }
    let mut outlines = Outlines::default();
    let mut done = 0;
    // Parts of composite glyphs are numbered while they are met.
    while let Some(&glyph) = glyphs.order.get(done) {
        outlines.push(source.outline(glyph)?, &mut glyphs)?;
        done += 1;
    }
    let tables = source.tables(&glyphs.order, outlines, &mapped)?;
    Some(file(tables))
}

/// The glyphs that are kept, in their new order.
#[derive(Default)]
struct Glyphs {
    order: Vec<u16>,
    numbers: BTreeMap<u16, u16>,
}

impl Glyphs {
    /// The new number of a glyph.
    fn number(&mut self, glyph: u16) -> u16 {
        let order = &mut self.order;
        *self.numbers.entry(glyph).or_insert_with(|| {
            order.push(glyph);
            (order.len() - 1) as u16
        })
    }
}

/// The tables `glyf` and `loca`.
struct Outlines {
    glyf: Vec<u8>,
    /// Where each glyph begins, and the last one ends.
    loca: Vec<u32>,
}

impl Default for Outlines {
    fn default() -> Self {
        Self { glyf: Vec::new(), loca: vec![0] }
    }
}

impl Outlines {
    fn push(&mut self, outline: &[u8], glyphs: &mut Glyphs) -> Option<()> {
        let start = self.glyf.len();
        self.glyf.extend_from_slice(outline);
        if outline.first().is_some_and(|&byte| byte >= 0x80) {
            renumber(self.glyf.get_mut(start..)?, glyphs)?;
        }
        while !self.glyf.len().is_multiple_of(4) {
            self.glyf.push(0);
        }
        self.loca.push(self.glyf.len() as u32);
        Some(())
    }
}

/// Gives the parts of a composite glyph their new numbers.
fn renumber(composite: &mut [u8], glyphs: &mut Glyphs) -> Option<()> {
    let mut at = 10;
    loop {
        let flags = u16_at(composite, at)?;
        let part = glyphs.number(u16_at(composite, at + 2)?);
        composite.get_mut(at + 2..at + 4)?.copy_from_slice(&part.to_be_bytes());
        let place = if flags & WORDS != 0 { 4 } else { 2 };
        let scale = match flags {
            f if f & SCALE != 0 => 2,
            f if f & TWO_SCALES != 0 => 4,
            f if f & MATRIX != 0 => 8,
            _ => 0,
        };
        at += 4 + place + scale;
        if flags & MORE == 0 {
            return Some(());
        }
    }
}

/// The font that is cut.
struct Source<'a> {
    face: Face<'a>,
    raw: RawFace<'a>,
}

impl<'a> Source<'a> {
    fn open(font: &'a [u8]) -> Option<Self> {
        Some(Self { face: Face::parse(font, 0).ok()?, raw: RawFace::parse(font, 0).ok()? })
    }

    fn table(&self, name: &[u8; 4]) -> Option<&'a [u8]> {
        self.raw.table(Tag::from_bytes(name))
    }

    fn outline(&self, glyph: u16) -> Option<&'a [u8]> {
        let (loca, glyf) = (self.table(b"loca")?, self.table(b"glyf")?);
        let is_long = u16_at(self.table(b"head")?, 50)? != 0;
        let at = |i: usize| match is_long {
            true => Some(u32::from_be_bytes(loca.get(4 * i..4 * i + 4)?.try_into().ok()?) as usize),
            false => Some(2 * usize::from(u16_at(loca, 2 * i)?)),
        };
        glyf.get(at(usize::from(glyph))?..at(usize::from(glyph) + 1)?)
    }

    /// Advance width and left side bearing of a glyph. The last advance holds for all that follow.
    fn metrics(&self, glyph: u16) -> Option<[u8; 4]> {
        let hmtx = self.table(b"hmtx")?;
        let n_full = usize::from(u16_at(self.table(b"hhea")?, 34)?);
        let glyph = usize::from(glyph);
        let advance = u16_at(hmtx, 4 * glyph.min(n_full.checked_sub(1)?))?.to_be_bytes();
        let bearing = match glyph < n_full {
            true => u16_at(hmtx, 4 * glyph + 2)?,
            false => u16_at(hmtx, 4 * n_full + 2 * (glyph - n_full))?,
        };
        let bearing = bearing.to_be_bytes();
        Some([advance[0], advance[1], bearing[0], bearing[1]])
    }

    fn tables(
        &self,
        order: &[u16],
        Outlines { glyf, loca }: Outlines,
        mapped: &BTreeMap<u32, u16>,
    ) -> Option<BTreeMap<[u8; 4], Vec<u8>>> {
        let n_glyphs = (order.len() as u16).to_be_bytes();
        let changed = |name: &[u8; 4], at: usize, value: [u8; 2]| {
            let mut table = self.table(name)?.to_vec();
            table.get_mut(at..at + 2)?.copy_from_slice(&value);
            Some(table)
        };
        let metrics: Option<Vec<_>> = order.iter().map(|&glyph| self.metrics(glyph)).collect();
        let mut tables = BTreeMap::new();
        for name in KEPT {
            tables.insert(*name, self.table(name)?.to_vec());
        }
        tables.insert(*b"head", changed(b"head", 50, [0, 1])?);
        tables.insert(*b"hhea", changed(b"hhea", 34, n_glyphs)?);
        tables.insert(*b"maxp", changed(b"maxp", 4, n_glyphs)?);
        tables.insert(*b"hmtx", metrics?.concat());
        tables.insert(*b"loca", loca.iter().flat_map(|at| at.to_be_bytes()).collect());
        tables.insert(*b"glyf", glyf);
        tables.insert(*b"cmap", character_map(mapped));
        Some(tables)
    }
}

/// One subtable of format 12, with a group for each character.
fn character_map(mapped: &BTreeMap<u32, u16>) -> Vec<u8> {
    const HEADER: [u16; 4] = [0, 1, 3, 10];
    let n_bytes = 16 + 12 * mapped.len() as u32;
    let mut table: Vec<u8> = HEADER.iter().flat_map(|n| n.to_be_bytes()).collect();
    let groups = mapped.iter().flat_map(|(&c, &glyph)| [c, c, u32::from(glyph)]);
    let words = [12, 12 << 16, n_bytes, 0, mapped.len() as u32].into_iter().chain(groups);
    table.extend(words.flat_map(u32::to_be_bytes));
    table
}

/// A font file of these tables.
fn file(tables: BTreeMap<[u8; 4], Vec<u8>>) -> Vec<u8> {
    let n = tables.len() as u16;
    let power = n.max(1).ilog2();
    let range = 16 << power;
    let mut file = vec![0, 1, 0, 0];
    file.extend([n, range, power as u16, 16 * n - range].iter().flat_map(|n| n.to_be_bytes()));
    let mut at = (12 + 16 * tables.len()) as u32;
    for (name, table) in &tables {
        file.extend_from_slice(name);
        file.extend([sum(table), at, table.len() as u32].iter().flat_map(|n| n.to_be_bytes()));
        at += (table.len() as u32).next_multiple_of(4);
    }
    for table in tables.values() {
        file.extend_from_slice(table);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    file
}

/// The checksum of a table.
fn sum(table: &[u8]) -> u32 {
    let word = |bytes: &[u8]| {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        u32::from_be_bytes(word)
    };
    table.chunks(4).map(word).fold(0, u32::wrapping_add)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

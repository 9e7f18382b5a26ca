//! The frame header: sizes and components (T.81, B.2.2).

/// In pixels, coefficients and blocks of 8 × 8 of them.
pub struct Frame {
    pub is_progressive: bool,
    pub width: usize,
    pub height: usize,
    /// Units of interleaved scans.
    pub n_units: [usize; 2],
    pub components: Vec<Component>,
}

pub struct Component {
    pub id: u8,
    /// Blocks of it in one unit, across and down.
    pub sampling: [usize; 2],
    /// Blocks that hold its pixels, across and down.
    pub n_blocks: [usize; 2],
    /// Blocks with those that only fill the last units.
    pub stride: usize,
    /// The bit to which each coefficient is known; `None` where nothing is.
    pub known_to_bit: [Option<u8>; 64],
    /// Of each block which coefficients are not zero; progressive frames only.
    pub non_zero: Vec<u64>,
}

impl Frame {
    /// `None` for what is no frame header.
    pub fn read(segment: &[u8], is_progressive: bool) -> Option<Self> {
        let &[_, h1, h0, w1, w0, n_components, ref rest @ ..] = segment else { return None };
        let [width, height] = [[w1, w0], [h1, h0]].map(|v| usize::from(u16::from_be_bytes(v)));
        let described = rest.as_chunks::<3>().0.get(..usize::from(n_components))?;
        let sampling = |[_, sampling, _]: &[u8; 3]| [sampling >> 4, sampling & 15].map(usize::from);
        if described.is_empty() || described.len() > 4 || width == 0 || height == 0 {
            return None;
        }
        if described.iter().flat_map(sampling).any(|n| !(1..=4).contains(&n)) {
            return None;
        }
        let most = |axis: usize| described.iter().map(|one| sampling(one)[axis]).max();
        let most = [most(0)?, most(1)?];
        let n_units = [width.div_ceil(8 * most[0]), height.div_ceil(8 * most[1])];
        let component = |one: &[u8; 3]| {
            let sampling = sampling(one);
            let [across, down] = [(width, 0), (height, 1)]
                .map(|(length, axis)| (length * sampling[axis]).div_ceil(most[axis]).div_ceil(8));
            let stride = n_units[0] * sampling[0];
            let n_stored = if is_progressive { stride * n_units[1] * sampling[1] } else { 0 };
            Component {
                id: one[0],
                sampling,
                n_blocks: [across, down],
                stride,
                known_to_bit: [None; 64],
                non_zero: vec![0; n_stored],
            }
        };
        let components = described.iter().map(component).collect();
        Some(Self { is_progressive, width, height, n_units, components })
    }
}

impl Component {
    /// Whether all coefficients are known to their last bit.
    pub fn is_complete(&self) -> bool {
        self.known_to_bit.iter().all(|bit| *bit == Some(0))
    }
}

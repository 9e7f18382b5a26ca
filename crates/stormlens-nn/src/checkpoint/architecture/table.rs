//! Names and shapes of the tensors of each family, block by block.
//!
//! The order is that in which the reference registers its modules, which is the order of its
//! `state_dict` and, less the buffers, of its optimiser's state.

use super::{Architecture, Family};

/// End of the name of a depthwise convolution's weight.
pub(super) const DEPTHWISE: &str = ".depthwise.weight";

/// A part of a network; channels in and out.
#[derive(Clone, Copy)]
enum Block {
    /// Two 3×3 convolutions with batch normalisation, the first to `mid` channels.
    Double { mid: usize },
    /// The same with depthwise-separable convolutions.
    DoubleSeparable { mid: usize },
    /// [`Block::DoubleSeparable`] beside a 1×1 convolution.
    Residual,
    /// Upsampling, one depthwise-separable convolution, batch normalisation.
    Up,
    /// Channel and spatial attention.
    Cbam,
    /// The last 1×1 convolution.
    Output,
}

/// A block with the prefix of its names and its channels.
struct Module {
    prefix: &'static str,
    block: Block,
    n_in: usize,
    n_out: usize,
}

fn modules(architecture: &Architecture) -> Vec<Module> {
    let Architecture { in_channels, out_channels, base_channels: base, .. } = *architecture;
    let module = |prefix, block, n_in, n_out| Module { prefix, block, n_in, n_out };
    let mut modules = match architecture.family {
        Family::SarUnet => sar_unet(in_channels, base),
        Family::SmaAtUnet => u_net(in_channels, base, |mid| Block::DoubleSeparable { mid }, true),
        Family::Unet => u_net(in_channels, base, |mid| Block::Double { mid }, false),
        // Its table is its own schema: nothing in it is a U-Net's.
        Family::PolarLow => return Vec::new(),
    };
    modules.push(module("outc.conv", Block::Output, base, out_channels));
    modules
}

fn sar_unet(n_frames: usize, base: usize) -> Vec<Module> {
    [
        ("RRCNN1", Block::Residual, n_frames, base),
        ("cbam1", Block::Cbam, base, base),
        ("RRCNN2", Block::Residual, base, 2 * base),
        ("cbam2", Block::Cbam, 2 * base, 2 * base),
        ("RRCNN3", Block::Residual, 2 * base, 4 * base),
        ("cbam3", Block::Cbam, 4 * base, 4 * base),
        ("RRCNN4", Block::Residual, 4 * base, 8 * base),
        ("cbam4", Block::Cbam, 8 * base, 8 * base),
        ("RRCNN5", Block::Residual, 8 * base, 16 * base),
        ("cbam5", Block::Cbam, 16 * base, 16 * base),
        ("Up5", Block::Up, 16 * base, 8 * base),
        ("Up_RRCNN5", Block::Residual, 16 * base, 8 * base),
        ("Up4", Block::Up, 8 * base, 4 * base),
        ("Up_RRCNN4", Block::Residual, 8 * base, 4 * base),
        ("Up3", Block::Up, 4 * base, 2 * base),
        ("Up_RRCNN3", Block::Residual, 4 * base, 2 * base),
        ("Up2", Block::Up, 2 * base, base),
        ("Up_RRCNN2", Block::Residual, 2 * base, base),
    ]
    .into_iter()
    .map(|(prefix, block, n_in, n_out)| Module { prefix, block, n_in, n_out })
    .collect()
}

fn u_net(
    n_frames: usize,
    base: usize,
    double: impl Fn(usize) -> Block,
    has_attention: bool,
) -> Vec<Module> {
    [
        ("inc", double(base), n_frames, base),
        ("cbam1", Block::Cbam, base, base),
        ("down1.maxpool_conv.1", double(2 * base), base, 2 * base),
        ("cbam2", Block::Cbam, 2 * base, 2 * base),
        ("down2.maxpool_conv.1", double(4 * base), 2 * base, 4 * base),
        ("cbam3", Block::Cbam, 4 * base, 4 * base),
        ("down3.maxpool_conv.1", double(8 * base), 4 * base, 8 * base),
        ("cbam4", Block::Cbam, 8 * base, 8 * base),
        ("down4.maxpool_conv.1", double(8 * base), 8 * base, 8 * base),
        ("cbam5", Block::Cbam, 8 * base, 8 * base),
        ("up1.conv", double(8 * base), 16 * base, 4 * base),
        ("up2.conv", double(4 * base), 8 * base, 2 * base),
        ("up3.conv", double(2 * base), 4 * base, base),
        ("up4.conv", double(base), 2 * base, base),
    ]
    .into_iter()
    .map(|(prefix, block, n_in, n_out)| Module { prefix, block, n_in, n_out })
    .filter(|module| has_attention || !matches!(module.block, Block::Cbam))
    .collect()
}

/// Prefix and input channels of every depthwise-separable convolution.
pub(super) fn separable_convolutions(architecture: &Architecture) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for Module { prefix, block, n_in, n_out } in modules(architecture) {
        let (path, mid) = match block {
            Block::DoubleSeparable { mid } => (format!("{prefix}.double_conv"), Some(mid)),
            Block::Residual => (format!("{prefix}.doubleconv.0.double_conv"), Some(n_out)),
            Block::Up => (format!("{prefix}.conv.conv"), None),
            Block::Double { .. } | Block::Cbam | Block::Output => continue,
        };
        found.push((format!("{path}.0"), n_in));
        found.extend(mid.map(|mid| (format!("{path}.3"), mid)));
    }
    found
}

pub(super) fn tensors(architecture: &Architecture) -> Vec<(String, Vec<usize>)> {
    let mut writer = Writer { architecture, tensors: Vec::new() };
    modules(architecture).iter().for_each(|module| writer.module(module));
    writer.tensors
}

struct Writer<'a> {
    architecture: &'a Architecture,
    tensors: Vec<(String, Vec<usize>)>,
}

impl Writer<'_> {
    fn module(&mut self, &Module { prefix, block, n_in, n_out }: &Module) {
        match block {
            Block::Double { mid } => {
                self.convolution(&format!("{prefix}.double_conv.0"), n_in, mid, 3);
                self.norm(&format!("{prefix}.double_conv.1"), mid);
                self.convolution(&format!("{prefix}.double_conv.3"), mid, n_out, 3);
                self.norm(&format!("{prefix}.double_conv.4"), n_out);
            }
            Block::DoubleSeparable { mid } => self.double_separable(prefix, n_in, mid, n_out),
            Block::Residual => {
                self.double_separable(&format!("{prefix}.doubleconv.0"), n_in, n_out, n_out);
                self.convolution(&format!("{prefix}.Conv_1x1"), n_in, n_out, 1);
            }
            Block::Up => {
                self.separable(&format!("{prefix}.conv.conv.0"), n_in, n_out);
                self.norm(&format!("{prefix}.conv.conv.1"), n_out);
            }
            Block::Cbam => self.cbam(prefix, n_in),
            Block::Output => self.convolution(prefix, n_in, n_out, 1),
        }
    }

    fn push(&mut self, name: String, shape: &[usize]) {
        self.tensors.push((name, shape.to_vec()));
    }

    fn convolution(&mut self, prefix: &str, n_in: usize, n_out: usize, size: usize) {
        self.push(format!("{prefix}.weight"), &[n_out, n_in, size, size]);
        self.push(format!("{prefix}.bias"), &[n_out]);
    }

    fn separable(&mut self, prefix: &str, n_in: usize, n_out: usize) {
        let Architecture { kernels_by_module, kernels_per_layer, .. } = self.architecture;
        let n_mid = n_in * kernels_by_module.get(prefix).unwrap_or(kernels_per_layer);
        self.convolution(&format!("{prefix}.depthwise"), 1, n_mid, 3);
        self.convolution(&format!("{prefix}.pointwise"), n_mid, n_out, 1);
    }

    fn double_separable(&mut self, prefix: &str, n_in: usize, mid: usize, n_out: usize) {
        self.separable(&format!("{prefix}.double_conv.0"), n_in, mid);
        self.norm(&format!("{prefix}.double_conv.1"), mid);
        self.separable(&format!("{prefix}.double_conv.3"), mid, n_out);
        self.norm(&format!("{prefix}.double_conv.4"), n_out);
    }

    fn norm(&mut self, prefix: &str, n: usize) {
        for name in ["weight", "bias", "running_mean", "running_var"] {
            self.push(format!("{prefix}.{name}"), &[n]);
        }
        self.push(format!("{prefix}.num_batches_tracked"), &[]);
    }

    fn cbam(&mut self, prefix: &str, n: usize) {
        let hidden = n / self.architecture.reduction_ratio.unwrap_or(1);
        self.linear(&format!("{prefix}.channel_att.MLP.1"), n, hidden);
        self.linear(&format!("{prefix}.channel_att.MLP.3"), hidden, n);
        self.push(format!("{prefix}.spatial_att.conv.weight"), &[1, 2, 7, 7]);
        self.norm(&format!("{prefix}.spatial_att.bn"), 1);
    }

    fn linear(&mut self, prefix: &str, n_in: usize, n_out: usize) {
        self.push(format!("{prefix}.weight"), &[n_out, n_in]);
        self.push(format!("{prefix}.bias"), &[n_out]);
    }
}

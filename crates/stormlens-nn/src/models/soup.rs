//! Averages of weights ("model soups": Wortsman et al. 2022, <https://arxiv.org/abs/2203.05482>).

use super::HostTensors;

/// The mean of the weights of some networks, tensor by tensor.
///
/// Summed up in `f32` in the order in which they come, then divided: so the authors of HARPNET do it, and
/// every digit is theirs.
///
/// # Errors
/// In words, for no network at all, and for networks whose tensors differ in name or shape.
pub fn average(networks: &[&HostTensors]) -> Result<HostTensors, String> {
    let (first, others) =
        networks.split_first().ok_or("there are no weights to take the mean of")?;
    let mut mean: HostTensors = (*first).clone();
    for (number, other) in others.iter().enumerate() {
        if other.len() != mean.len() {
            return Err(format!(
                "the first weights have {} tensors, number {} have {}",
                mean.len(),
                number + 2,
                other.len()
            ));
        }
        for (name, shape, sum) in &mut mean {
            let found = other.iter().find(|(theirs, ..)| theirs == name);
            let (.., values) = found.filter(|found| found.1 == *shape).ok_or_else(|| {
                format!("`{name}` of the first weights, {shape:?}, is not in number {}", number + 2)
            })?;
            sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
        }
    }
    let n = networks.len() as f32;
    mean.iter_mut().for_each(|(_, _, values)| values.iter_mut().for_each(|v| *v /= n));
    Ok(mean)
}

/// What came of trying averages of different sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Soup {
    /// How many networks the best average is of.
    pub size: usize,
    /// The loss of the average of the best one, of the best two and so on.
    pub losses: Vec<f64>,
    pub weights: HostTensors,
}

/// The best average of the best networks: of 1, of 2, … of `max_size` in the order of their losses.
/// `candidates` have a loss each; `evaluate` gives that of an average.
///
/// The authors choose by the loss of their test samples. Do so on validation samples, or scores of the test
/// samples are no longer independent.
///
/// # Errors
/// As [`average`], whatever `evaluate` says, and where no loss is a number.
pub fn best<E: From<String>>(
    candidates: &[(f64, HostTensors)],
    max_size: usize,
    mut evaluate: impl FnMut(&HostTensors) -> Result<f64, E>,
) -> Result<Soup, E> {
    let mut order: Vec<&(f64, HostTensors)> = candidates.iter().collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let order: Vec<&HostTensors> = order.into_iter().map(|(_, weights)| weights).collect();
    let mut best: Option<(f64, usize, HostTensors)> = None;
    let mut losses = Vec::new();
    for size in 1..=max_size.min(order.len()) {
        let weights = average(&order[..size])?;
        let loss = evaluate(&weights)?;
        losses.push(loss);
        if loss.is_finite() && best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, size, weights));
        }
    }
    let none = || match losses[..] {
        [] => "there are no weights to take the mean of".to_owned(),
        _ => format!("no mean of weights has a loss that is a number: {losses:?}"),
    };
    let (_, size, weights) = best.ok_or_else(none)?;
    Ok(Soup { size, losses, weights })
}

//! The version 1 B-tree that finds a dataset's chunks by their offsets.

use super::{UNDEFINED, WrittenChunk};

/// Children of a full node: twice the rank 32 that files without another setting have.
const MAX_CHILDREN: usize = 64;
const NODE_HEADER_BYTES: usize = 24;

/// What separates two children: size and offsets of the first chunk on the right.
#[derive(Clone)]
struct Key {
    n_bytes: u32,
    offsets: Vec<u64>,
}

/// A child with the key on its left.
struct Child {
    key: Key,
    address: u64,
}

/// All nodes of the tree, to be written at `start`, and the address of its root. Chunks are in
/// row-major order and at least one.
pub fn btree(chunks: &[WrittenChunk], chunk: &[u64], start: u64) -> (Vec<u8>, u64) {
    let to_child = |c: &WrittenChunk| Child {
        key: Key { n_bytes: c.n_bytes, offsets: c.offsets.clone() },
        address: c.address,
    };
    let mut children: Vec<Child> = chunks.iter().map(to_child).collect();
    let last = &children[children.len() - 1].key.offsets;
    let end =
        Key { n_bytes: 0, offsets: last.iter().zip(chunk).map(|(offset, n)| offset + n).collect() };
    let mut bytes = Vec::new();
    for level in 0.. {
        let parents = write_level(&mut bytes, level, &children, &end, start);
        if let [root] = &parents[..] {
            return (bytes, root.address);
        }
        children = parents;
    }
    unreachable!("every level has fewer nodes than the one below")
}

/// Writes the nodes of one level side by side and gives the children that they are to the next.
fn write_level(
    bytes: &mut Vec<u8>,
    level: u8,
    children: &[Child],
    end: &Key,
    start: u64,
) -> Vec<Child> {
    let groups: Vec<&[Child]> = children.chunks(MAX_CHILDREN).collect();
    let key_bytes = 8 + 8 * (end.offsets.len() + 1);
    let node_bytes = NODE_HEADER_BYTES + MAX_CHILDREN * 8 + (MAX_CHILDREN + 1) * key_bytes;
    let first = start + bytes.len() as u64;
    let address = |i: usize| first + (i * node_bytes) as u64;
    for (i, group) in groups.iter().enumerate() {
        let left = if i == 0 { UNDEFINED } else { address(i - 1) };
        let right = if i + 1 == groups.len() { UNDEFINED } else { address(i + 1) };
        let bound = groups.get(i + 1).map_or(end, |next| &next[0].key);
        let node_end = bytes.len() + node_bytes;
        write_node(bytes, level, [left, right], group, bound);
        // Nodes have one size, however full they are.
        bytes.resize(node_end, 0);
    }
    let parent =
        |(i, group): (usize, &&[Child])| Child { key: group[0].key.clone(), address: address(i) };
    groups.iter().enumerate().map(parent).collect()
}

fn write_node(bytes: &mut Vec<u8>, level: u8, siblings: [u64; 2], group: &[Child], bound: &Key) {
    // Node type 1: chunks.
    bytes.extend(b"TREE\x01");
    bytes.push(level);
    bytes.extend((group.len() as u16).to_le_bytes());
    siblings.iter().for_each(|address| bytes.extend(address.to_le_bytes()));
    for child in group {
        write_key(bytes, &child.key);
        bytes.extend(child.address.to_le_bytes());
    }
    write_key(bytes, bound);
}

fn write_key(bytes: &mut Vec<u8>, key: &Key) {
    bytes.extend(key.n_bytes.to_le_bytes());
    // No filter is skipped.
    bytes.extend([0; 4]);
    bytes.extend(key.offsets.iter().flat_map(|n| n.to_le_bytes()));
    // The offset inside an element.
    bytes.extend([0; 8]);
}

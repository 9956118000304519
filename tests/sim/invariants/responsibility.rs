//! Always: who is responsible follows from the members that a node sees and from nothing else.
//! Nodes that see the same members name the same one, and at most one of them takes a tag.

use crate::node::SimNode;
use crate::world::World;
use facos::model::Responsibility;
use facos::peers::Mapper;

const TAGS: [&str; 5] = ["g@@s0", "g@@s1", "g@@s2", "10.2.0.1:80", "10.2.0.2:80"];

/// Compares the running nodes' views.
pub fn check<N: SimNode>(world: &World<N>) {
    let mappers: Vec<Mapper> = world.nodes().map(|(_, node)| node.mapper()).collect();
    for mapper in &mappers {
        for tag in TAGS {
            let fresh = Mapper::new(mapper.own().clone(), mapper.healthy().to_vec(), true);
            assert_eq!(mapper.responsible(tag), fresh.responsible(tag), "{tag} {mapper:?}");
            let same = mappers.iter().filter(|other| other.healthy() == mapper.healthy());
            let seen = same.filter(|other| other.healthy().contains(other.own()));
            let takers = seen.clone().filter(|other| other.is_mine(tag)).count();
            assert!(takers <= 1, "{takers} nodes of one view take {tag}: {mapper:?}");
            let named = seen.map(|other| other.responsible(tag));
            let mut named: Vec<_> = named.collect();
            named.dedup();
            assert!(named.len() <= 1, "one view names {named:?} for {tag}");
        }
    }
}

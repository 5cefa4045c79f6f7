//! What the crate `half` is known by.

use half::{bf16, f16};

/// What `half` calls its types is known here, and is no promise of its.
#[test]
fn floats_of_half_are_known_by_their_names() {
    let (written, read) = (crate::to_vec(&[f16::ONE]), crate::from_slice::<f16>(&crate::to_vec(&0.5_f32).unwrap()));
    let others = (crate::to_vec(&[bf16::ONE]), crate::from_slice::<bf16>(&crate::to_vec(&0.5_f32).unwrap()));
    assert!(
        written.is_err()
            && others.0.is_err()
            && read.as_ref().is_ok_and(|read| *read == f16::from_f32(0.5))
            && others.1.as_ref().is_ok_and(|read| *read == bf16::from_f32(0.5)),
        "an upgrade of half renamed its newtypes: `is_half` in ground/half.rs must know the new names, or their bits are written \
         as integers, and floats are no values for them: {read:?}, {:?}",
        others.1
    );
}

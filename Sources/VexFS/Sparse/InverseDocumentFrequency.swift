import Glibc

/// How much a dimension says: the rarer it is, the more.
public enum InverseDocumentFrequency {
    /// ln(1 + (documents − holders + 0.5) / (holders + 0.5)), as Qdrant's modifier `idf` has it (Robertson & Zaragoza
    /// 2009, doi:10.1561/1500000019, with 1 added so that it stays positive).
    ///
    /// `documents` are those that have a vector with components, `holders` those of them that have the dimension.
    public static func weight(documents: Int, holders: Int) -> Float {
        Float(log(1 + (Double(documents - holders) + 0.5) / (Double(holders) + 0.5)))
    }
}

extension SparseVector {
    /// The vector with each value multiplied by how much its dimension says, where `holders` of the `documents` have
    /// it.
    func weighted(documents: Int, holders: [Int]) -> SparseVector {
        SparseVector(
            ascending: indices,
            values: zip(values, holders).map { value, holders in
                value * InverseDocumentFrequency.weight(documents: documents, holders: holders)
            })
    }
}

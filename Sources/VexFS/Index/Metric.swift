/// How two vectors are compared.
public enum Metric: String, Sendable, CaseIterable {
    /// Cosine of the angle, −1…1, higher is nearer. Vectors are normalised when stored.
    case cosine
    /// Inner product, higher is nearer.
    case dot
    /// Euclidean distance, ≥ 0, lower is nearer.
    case euclidean
    /// Sum of absolute differences, ≥ 0, lower is nearer.
    case manhattan

    /// Whether a higher score is a nearer vector.
    public var higherIsNearer: Bool { self == .cosine || self == .dot }
}

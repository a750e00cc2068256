extension JSON {
    /// The values that a path leads to; an array at its end gives its elements, one level deep. Nothing where the path
    /// leads nowhere, or to an empty array.
    func values(at path: PayloadPath) -> [JSON] { path.values(in: self).flatMap { $0.arrayValue ?? [$0] } }
}

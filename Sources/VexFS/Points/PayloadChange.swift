/// One change of a document's metadata.
public enum PayloadChange: Sendable, Equatable {
    /// Puts members over those that are there, or over the object at a path; a null takes a member away.
    case set([JSON.Member], at: PayloadPath? = nil)
    /// Replaces everything.
    case overwrite([JSON.Member])
    /// Takes values away by their paths.
    case delete([PayloadPath])
    /// Takes everything away.
    case clear

    /// The metadata after the change.
    /// - Throws: `invalidArgument` for an index far beyond an array's end.
    func applied(to metadata: JSON) throws(VexFSError) -> JSON {
        switch self {
        case .set(let members, nil): return metadata.overlaid(with: members)
        case .set(let members, let path?): return try metadata.overlaid(with: members, at: path.steps[...])
        case .overwrite(let members): return .object(members)
        case .delete(let paths): return paths.reduce(metadata) { $0.removing($1.steps[...]) }
        case .clear: return .object([])
        }
    }
}

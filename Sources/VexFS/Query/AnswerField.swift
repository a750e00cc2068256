/// One of the things an answer can show of a result, as `fields=` names it.
enum AnswerField: Equatable {
    case rank, score, id, file, text, metadata, group, collection
    /// One key of the metadata, written `metadata.KEY`, or `KEY` where that is none of the names above.
    case metadataKey(String)

    init(_ name: String) {
        switch name {
        case "rank": self = .rank
        case "score": self = .score
        case "id": self = .id
        case "file": self = .file
        case "text": self = .text
        case "metadata": self = .metadata
        case "group": self = .group
        case "collection": self = .collection
        default:
            let prefix = "metadata."
            self = .metadataKey(name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name)
        }
    }
}

/// Which parts of its results an answer shows.
struct AnswerFields {
    /// In the order they were asked for; nil for the standard ones.
    let chosen: [AnswerField]?

    init(_ names: [String]?) { chosen = names.map { $0.map(AnswerField.init) } }

    /// Whether a part is shown, `standard` where nothing was chosen.
    func shows(_ field: AnswerField, standard: Bool = true) -> Bool {
        chosen.map { $0.contains(field) } ?? standard
    }

    /// The part of the metadata that is shown, or nil for no metadata at all.
    func metadata(of hit: SearchHit) -> JSON? {
        guard let chosen, !chosen.contains(.metadata) else { return hit.metadata }
        var members: [JSON.Member] = []
        var isAsked = false
        for case .metadataKey(let key) in chosen {
            isAsked = true
            if let value = hit.metadata[key] { members.append(JSON.Member(key, value)) }
        }
        return isAsked ? .object(members) : nil
    }
}

/// Changes of payloads, as Qdrant's payload operations make them
/// (https://qdrant.tech/documentation/concepts/payload/).
extension JSON {
    /// The most elements that setting a value behind an index appends: a larger index is a slip, not a wish.
    static let longestFill = 1 << 16

    /// This object with the members of `change` put over its own; a null takes the member away. Anything but an object
    /// becomes one first.
    func overlaid(with change: [Member]) -> JSON {
        var members: [Member] = []
        if case .object(let own) = self { members = own }
        for member in change {
            let place = members.lastIndex { $0.isNamed(member.key) }
            switch (member.value, place) {
            case (.null, _): members.removeAll { $0.isNamed(member.key) }
            case (let value, let place?): members[place].value = value
            case (_, nil): members.append(member)
            }
        }
        return .object(members)
    }

    /// This value with the members of `change` put over the objects at a path, which are made where they are missing:
    /// what stands in the way of a key becomes an object, what stands in the way of an index an array. Elements that an
    /// array lacks up to an index are null; `[]` of no array is an empty one.
    /// - Throws: `invalidArgument` for an index far beyond an array's end.
    func overlaid(with change: [Member], at path: ArraySlice<PayloadPath.Step>) throws(VexFSError) -> JSON {
        guard let step = path.first else { return overlaid(with: change) }
        let rest = path.dropFirst()
        switch step {
        case .scalar: return try overlaid(with: change, at: rest)
        case .dotted(let keys): return try overlaid(with: change, at: Self.steps(keys) + rest)
        case .key(let key):
            var members: [Member] = []
            if case .object(let own) = self { members = own }
            if let place = members.lastIndex(where: { $0.isNamed(key.string) }) {
                members[place].value = try members[place].value.overlaid(with: change, at: rest)
            } else {
                members.append(Member(key.string, try JSON.null.overlaid(with: change, at: rest)))
            }
            return .object(members)
        case .index(let index):
            var elements = arrayValue ?? []
            guard index < elements.count + Self.longestFill else {
                throw VexFSError(
                    .invalidArgument, "the index \(index) is far beyond the end of an array of \(elements.count)")
            }
            while elements.count <= index { elements.append(.null) }
            elements[index] = try elements[index].overlaid(with: change, at: rest)
            return .array(elements)
        case .each:
            var elements = arrayValue ?? []
            for index in elements.indices { elements[index] = try elements[index].overlaid(with: change, at: rest) }
            return .array(elements)
        }
    }

    /// This value without what stands at a path; `[]` at the end empties the array. A path that leads nowhere changes
    /// nothing.
    func removing(_ path: ArraySlice<PayloadPath.Step>) -> JSON {
        guard let step = path.first else { return self }
        let rest = path.dropFirst()
        switch (step, self) {
        case (.scalar, _): return removing(rest)
        case (.dotted(let keys), _): return removing(Self.steps(keys) + rest)
        case (.key(let key), .object(var members)):
            if rest.isEmpty {
                members.removeAll { $0.isNamed(key.string) }
            } else if let place = members.lastIndex(where: { $0.isNamed(key.string) }) {
                members[place].value = members[place].value.removing(rest)
            }
            return .object(members)
        case (.index(let index), .array(var elements)):
            guard elements.indices.contains(index) else { return self }
            if rest.isEmpty {
                elements.remove(at: index)
            } else {
                elements[index] = elements[index].removing(rest)
            }
            return .array(elements)
        case (.each, .array(let elements)):
            return .array(rest.isEmpty ? [] : elements.map { $0.removing(rest) })
        default: return self
        }
    }

    /// The steps of a path without brackets and quotes.
    private static func steps(_ dotted: ByteString) -> ArraySlice<PayloadPath.Step> {
        dotted.string.split(separator: ".").map { .key(ByteString(String($0))) }[...]
    }
}

extension JSON.Member {
    /// Whether the key has these very bytes; two spellings of one character are two keys.
    fileprivate func isNamed(_ name: String) -> Bool { key.utf8.elementsEqual(name.utf8) }
}

extension PayloadPath: CustomStringConvertible {
    /// The path as it is written, keys with other characters than letters, digits, `_` and `-` in quotes.
    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key):
                let isPlain = key.utf8.allSatisfy { byte in
                    byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte >= 0x80
                        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                }
                text += (text.isEmpty ? "" : ".") + (isPlain && !key.isEmpty ? key : "\"\(key)\"")
            case .index(let index): text += "[\(index)]"
            case .each: text += "[]"
            }
        }
        return text
    }
}

extension JSON {
    /// The values that a path leads to; an array at its end gives its elements, one level deep. Nothing where the path
    /// leads nowhere, or to an empty array.
    func values(at path: PayloadPath) -> [JSON] {
        var found: [JSON] = []
        collect(path.steps[...], into: &found)
        return found
    }

    private func collect(_ steps: ArraySlice<PayloadPath.Step>, into found: inout [JSON]) {
        let rest = steps.dropFirst()
        switch (steps.first, self) {
        case (nil, .array(let elements)): found.append(contentsOf: elements)
        case (nil, _): found.append(self)
        case (.key(let key)?, .object): self[key]?.collect(rest, into: &found)
        case (.index(let index)?, .array(let elements)):
            if elements.indices.contains(index) { elements[index].collect(rest, into: &found) }
        case (.each?, .array(let elements)):
            for element in elements { element.collect(rest, into: &found) }
        default: return
        }
    }
}

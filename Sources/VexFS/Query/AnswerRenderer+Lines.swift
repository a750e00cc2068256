extension AnswerRenderer {
    /// One JSON object a line.
    func writeJSONLines(to bytes: inout [UInt8]) {
        for hit in answer.hits {
            writeObject(hit, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// One object: `{"results":[…],"why":"…"}`.
    func writeJSON(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"results\":[".utf8)
        for (index, hit) in answer.hits.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            writeObject(hit, to: &bytes)
        }
        bytes.append(contentsOf: "],\"why\":".utf8)
        JSON.write(string: answer.why(for: request), to: &bytes)
        bytes.append(contentsOf: "}\n".utf8)
    }

    /// Columns with tabs between them; tab, newline, carriage return and backslash in a value are `\t \n \r \\`.
    func writeTable(to bytes: inout [UInt8]) {
        let columns = fields.chosen ?? [.rank, .score, .id, .file, .text]
        for hit in answer.hits {
            for (index, column) in columns.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: "\t")) }
                writeCell(plainText(column, of: hit), to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// One id a line; a newline within an id is `%0A`, as file names have it.
    func writeIdentifiers(to bytes: inout [UInt8]) {
        for hit in answer.hits {
            for byte in hit.id.string.utf8 {
                switch byte {
                case UInt8(ascii: "\n"): bytes.append(contentsOf: "%0A".utf8)
                case UInt8(ascii: "\r"): bytes.append(contentsOf: "%0D".utf8)
                default: bytes.append(byte)
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// One path a line, as it is.
    func writePaths(to bytes: inout [UInt8]) {
        for hit in answer.hits { bytes.append(contentsOf: "\(file(of: hit))\n".utf8) }
    }

    /// `path:line:text` with the line that has most of the query's words, or the first that is not blank; best result
    /// first.
    func writeGrep(to bytes: inout [UInt8]) {
        let words = words
        for hit in answer.hits {
            let passage = Passage.bestLine(of: hit.text, for: words) ?? Passage.firstLine(of: hit.text)
            bytes.append(contentsOf: "\(file(of: hit)):\(line(of: hit, skipping: passage.skippedLines)):".utf8)
            let text = passage.text.utf8.prefix { $0 != UInt8(ascii: "\n") }
            bytes.append(contentsOf: text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    private func writeObject(_ hit: SearchHit, to bytes: inout [UInt8]) {
        var isFirst = true
        func key(_ name: String) {
            bytes.append(UInt8(ascii: isFirst ? "{" : ","))
            isFirst = false
            JSON.write(string: name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
        }
        func string(_ name: String, _ value: String) {
            key(name)
            JSON.write(string: value, to: &bytes)
        }
        if fields.shows(.rank) {
            key("rank")
            bytes.append(contentsOf: String(hit.rank).utf8)
        }
        if fields.shows(.score) {
            key("score")
            bytes.append(contentsOf: ScoreText.of(hit.score).utf8)
        }
        if fields.shows(.id) { string("id", hit.id.string) }
        if fields.shows(.file) { string("file", file(of: hit)) }
        if fields.shows(.text) { string("text", hit.text) }
        if let metadata = fields.metadata(of: hit) {
            key("metadata")
            metadata.write(to: &bytes)
        }
        if let group = hit.group, fields.shows(.group) {
            key("group")
            group.write(to: &bytes)
        }
        if fields.shows(.collection, standard: showsCollection) { string("collection", hit.collection) }
        if isFirst { bytes.append(UInt8(ascii: "{")) }
        bytes.append(UInt8(ascii: "}"))
    }

    private func plainText(_ field: AnswerField, of hit: SearchHit) -> String {
        switch field {
        case .rank: String(hit.rank)
        case .score: ScoreText.of(hit.score)
        case .id: hit.id.string
        case .file: file(of: hit)
        case .text: hit.text
        case .metadata: String(decoding: hit.metadata.compact, as: UTF8.self)
        case .group: hit.group.map(Self.plainText) ?? ""
        case .collection: hit.collection
        case .metadataKey(let key): hit.metadata[key].map(Self.plainText) ?? ""
        }
    }

    /// A string as it is, anything else as JSON.
    static func plainText(_ value: JSON) -> String {
        if case .string(let text) = value { return text }
        return String(decoding: value.compact, as: UTF8.self)
    }

    private func writeCell(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            default: bytes.append(byte)
            }
        }
    }
}

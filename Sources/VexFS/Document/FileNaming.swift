/// What names mean: which files are documents, how they are read, and which ids they stand for.
public enum FileNaming {
    /// The longest name in bytes that a directory can hold.
    public static let maximumNameBytes = 255
    /// Names of encoded ids above this length are replaced by a hash.
    public static let maximumEncodedBytes = 250
    /// Names inside a collection that belong to the file system.
    public static let reservedNames: [ByteString] = ["query", ".vexfs", ".by", ".overview.md"]

    /// What a file of this name is; below a scratch directory everything is scratch.
    public static func kind(of name: ByteString, inScratch: Bool) -> FileKind {
        inScratch || isScratch(name) ? .scratch : .document
    }

    /// Whether a directory of this name is scratch, with everything below it: `.git`, `.obsidian`.
    public static func isScratchDirectory(_ name: ByteString) -> Bool {
        name.string.utf8.first == UInt8(ascii: ".")
    }

    /// Whether a name is one that editors and tools give their temporary files.
    public static func isScratch(_ name: ByteString) -> Bool {
        name.withBytes(isScratch(_:))
    }

    private static func isScratch(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // A leading dot covers .DS_Store, ._*, .goutputstream-*, rsync's .name.XXXXXX and vim's .name.swp.
        guard let first = bytes.first, let last = bytes.last, first != UInt8(ascii: ".") else { return true }
        if last == UInt8(ascii: "~") { return true }
        if first == UInt8(ascii: "#"), last == UInt8(ascii: "#"), bytes.count > 1 { return true }
        if bytes.elementsEqual("4913".utf8) { return true }
        if bytes.count == 9, bytes.starts(with: "sed".utf8), bytes.dropFirst(3).allSatisfy(isAlphanumeric) {
            return true
        }
        return scratchSuffixes.contains { bytes.hasSuffix($0) }
    }

    /// How the bytes of a document of this name are read.
    public static func format(of name: ByteString) -> DocumentFormat {
        name.withBytes { bytes in
            if bytes.hasSuffix(".json") { return .json }
            return bytes.hasSuffix(".md") || bytes.hasSuffix(".markdown") ? .markdown : .text
        }
    }

    private static let scratchSuffixes: [StaticString] = [".swp", ".swx", ".tmp", ".part", ".lock"]

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    // MARK: Checks

    /// Checks that a user may create something of this name inside a collection, and returns the name.
    ///
    /// - Throws: `nameTooLong` above 255 bytes, `invalidName` for bytes that are not UTF-8 or no name at all,
    ///   `notPermitted` for reserved names.
    @discardableResult
    public static func check(bytes: some Swift.Collection<UInt8>) throws(VexFSError) -> ByteString {
        guard bytes.count <= maximumNameBytes else {
            throw VexFSError(.nameTooLong, "the name has \(bytes.count) bytes, and 255 is the most")
        }
        guard let name = ByteString(validating: bytes) else {
            throw VexFSError(.invalidName, "the name is not UTF-8")
        }
        try check(name)
        return name
    }

    /// Checks that a user may create something of this name inside a collection, as ``check(bytes:)`` does.
    public static func check(_ name: ByteString) throws(VexFSError) {
        guard name.count <= maximumNameBytes else {
            throw VexFSError(.nameTooLong, "the name has \(name.count) bytes, and 255 is the most")
        }
        let isName = !name.string.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
        guard isName, !name.isEmpty, name.string != ".", name.string != ".." else {
            throw VexFSError(.invalidName, "\"\(name)\" cannot be a name")
        }
        if reservedNames.contains(name) {
            throw VexFSError(.notPermitted, "\"\(name)\" is reserved inside a collection; choose another name")
        }
    }

    // MARK: Names and ids

    /// The name of the JSON file of a document with this id.
    ///
    /// NUL, `/`, control bytes, `%`, a leading dot, and a leading tilde that would look like a hashed name become
    /// `%XX`. An id whose name would be longer than 250 bytes, and the empty id, get a hashed name (see
    /// ``isHashed(_:)``).
    public static func name(forID id: ByteString) -> ByteString {
        if isPlain(id) { return ByteString(id.string + ".json") }
        let name = escaped(Array(id.string.utf8)[...]) + Array(".json".utf8)
        if id.isEmpty || name.count > maximumEncodedBytes {
            let hash = SHA256.hexadecimal(id.string.utf8).prefix(32)
            return ByteString("~\(hash).json")
        }
        return ByteString(String(decoding: name, as: UTF8.self))
    }

    /// Whether an id is its file's name without ".json".
    private static func isPlain(_ id: ByteString) -> Bool {
        guard !id.isEmpty, id.count <= maximumEncodedBytes - 5 else { return false }
        return id.withBytes { bytes in
            for place in bytes.indices where mustEscape(bytes[place], isFirst: place == 0) { return false }
            return true
        }
    }

    private static func mustEscape(_ byte: UInt8, isFirst: Bool) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%")
            || isFirst && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~"))
    }

    private static func escaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var name: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if mustEscape(byte, isFirst: index == 0) {
                name.append(UInt8(ascii: "%"))
                name.append(hexadecimal[Int(byte >> 4)])
                name.append(hexadecimal[Int(byte & 15)])
            } else {
                name.append(byte)
            }
        }
        return name
    }

    /// The paths within the collection that a document with this id can have, likeliest first.
    ///
    /// A document written over HTTP or in bulk has the first; a file that a person wrote can have any of them.
    public static func candidatePaths(forID id: ByteString) -> [String] {
        let whole = name(forID: id)
        let bytes = Array(id.string.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let folders = String(decoding: Array(parts.map(escaped).joined(separator: Array("/".utf8))), as: UTF8.self)
        var paths = [whole.string]
        for path in [folders + ".json", folders, id.string + ".json", id.string] {
            let isPath = !path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .contains { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) || $0.contains(0) }
            guard isPath, !paths.contains(where: { ByteString($0) == ByteString(path) }) else { continue }
            if identifier(ofPath: path) == id { paths.append(path) }
        }
        return paths
    }

    /// Whether a name is `~`, 32 hexadecimal digits and `.json`: the true id is not in the name.
    public static func isHashed(_ name: ByteString) -> Bool {
        let bytes = Array(name.string.utf8)
        guard bytes.count == 38, bytes[0] == UInt8(ascii: "~"), bytes.hasSuffix(".json") else { return false }
        return bytes[1..<33].allSatisfy { $0 &- UInt8(ascii: "0") < 10 || $0 &- UInt8(ascii: "a") < 6 }
    }

    /// The id that a path within the collection stands for: `a.json` is "a", `sub/x.md` is "sub/x.md".
    ///
    /// `%XX` is undone name by name; a name that would not be UTF-8 then, or holds no valid escape, stands for itself.
    /// A hashed name stands for the hash, and the document's true id has to be asked for elsewhere.
    public static func identifier(ofPath path: String) -> ByteString {
        if !path.utf8.contains(UInt8(ascii: "%")) {
            // Nothing to be undone.
            let isLonger = path.utf8.count > 5 && path.utf8.suffix(5).elementsEqual(".json".utf8)
            return ByteString(isLonger ? String(Substring(path.utf8.dropLast(5))) : path)
        }
        let bytes = Array(path.utf8)
        var id: [UInt8] = []
        for (index, name) in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).enumerated() {
            if index > 0 { id.append(UInt8(ascii: "/")) }
            id.append(contentsOf: unescaped(name))
        }
        // An id of nothing but ".json" keeps its name: the empty id has no plain file.
        if id.count > 5, bytes.hasSuffix(".json") { id.removeLast(5) }
        return ByteString(String(decoding: id, as: UTF8.self))
    }

    private static let hexadecimal = Array("0123456789ABCDEF".utf8)

    /// The name with every valid `%XX` undone, or the name itself where that would not be UTF-8.
    static func unescaped(_ name: ArraySlice<UInt8>) -> [UInt8] {
        guard name.contains(UInt8(ascii: "%")) else { return Array(name) }
        var result: [UInt8] = []
        var index = name.startIndex
        while index < name.endIndex {
            if name[index] == UInt8(ascii: "%"), index + 2 < name.endIndex,
                let high = digit(name[index + 1]), let low = digit(name[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(name[index])
                index += 1
            }
        }
        return ByteString(validating: result) == nil ? Array(name) : result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension RandomAccessCollection<UInt8> {
    /// Whether the bytes end with `suffix` and have something before it.
    fileprivate func hasSuffix(_ suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        return count > length
            && self.suffix(length).elementsEqual(UnsafeBufferPointer(start: suffix.utf8Start, count: length))
    }
}

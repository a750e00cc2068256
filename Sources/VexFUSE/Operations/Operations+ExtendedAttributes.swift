import CFuseShim
import Glibc
import VexFS

extension Operations {
    private static let factPrefix = "user.vexfs."
    private static let metadataPrefix = "user.vexfs.meta."
    /// Behind it stands the name of a vector.
    private static let embeddingPrefix = "user.vexfs.embedding."

    // MARK: GETXATTR

    func getxattr(
        _ request: Request, _ raw: fuse_ino_t, name pointer: UnsafePointer<CChar>, size: Int
    ) throws(VexFSError) {
        // The kernel asks for "security.capability" before truncations: that must cost nothing.
        if let code = Self.foreign(pointer) {
            request.reply(errno: code)
            return
        }
        let name = String(cString: pointer)
        if case .virtual(let node as any AttributedNode) = try node(raw) {
            work(request, at: { node.key }) { () throws(VexFSError) in
                guard let found = try node.extendedAttributes().first(where: { $0.name == name }) else {
                    throw VexFSError(.attributeNotFound, "no such attribute: \(name)")
                }
                request.reply(attribute: found.value, size: size)
            }
            return
        }
        guard case .file(let file) = try node(raw) else {
            request.reply(errno: ENODATA)
            return
        }
        work(request, at: { file.path }) { () throws(VexFSError) in
            guard let value = try self.attribute(name, of: file) else {
                throw VexFSError(.attributeNotFound, "no such attribute: \(name)")
            }
            request.reply(attribute: value, size: size)
        }
    }

    /// The errno for attributes that are not ours, or nil.
    private static func foreign(_ name: UnsafePointer<CChar>) -> Int32? {
        if strncmp(name, "user.", 5) == 0 {
            return strncmp(name, factPrefix, factPrefix.utf8.count) == 0 ? nil : ENODATA
        }
        if strncmp(name, "security.", 9) == 0 { return ENODATA }
        return EOPNOTSUPP
    }

    private func attribute(_ name: String, of file: CollectionFile) throws(VexFSError) -> [UInt8]? {
        guard file.collection.attributes(of: file.number)?.kind == .document else { return nil }
        let key = String(name.dropFirst(Self.factPrefix.count))
        if key == "embedding" || name.hasPrefix(Self.embeddingPrefix) {
            let vector = String(name.dropFirst(Self.embeddingPrefix.count))
            // Of one fixed size as numbers, else as a document writes it.
            return try file.collection.vector(of: file.number, named: vector).map { vector in
                guard case .dense(let values) = vector else { return vector.json.compact }
                return values.withUnsafeBytes { Array($0) }
            }
        }
        let facts = try file.collection.facts(of: file.number)
        if name.hasPrefix(Self.metadataPrefix) {
            return facts.metadata[String(name.dropFirst(Self.metadataPrefix.count))].map(Self.bytes)
        }
        return Self.values(facts).first { $0.key == key }.map { Array($0.value.utf8) }
    }

    /// The attributes that a document has, without those of its metadata.
    private static func values(_ facts: Collection.DocumentFacts) -> [(key: String, value: String)] {
        var values = [("id", facts.id.string), ("state", facts.state.word), ("version", String(facts.version))]
        if let error = facts.error { values.append(("error", error)) }
        if let model = facts.model { values.append(("model", model)) }
        if let dimensions = facts.dimensions { values.append(("dimensions", String(dimensions))) }
        if facts.truncated { values.append(("truncated", "true")) }
        return values
    }

    /// Metadata as attributes; keys that cannot be a name are left out.
    static func metadataAttributes(_ metadata: JSON) -> [(name: String, value: [UInt8])] {
        (metadata.members ?? []).map { (metadataPrefix + $0.key, bytes($0.value)) }
            .filter { $0.0.utf8.count <= 255 && !$0.0.utf8.contains(0) }
    }

    /// A metadata value as an attribute's bytes: a string as it is, anything else as JSON.
    private static func bytes(_ value: JSON) -> [UInt8] { value.stringValue.map { Array($0.utf8) } ?? value.compact }

    // MARK: LISTXATTR

    func listxattr(_ request: Request, _ raw: fuse_ino_t, size: Int) throws(VexFSError) {
        if case .virtual(let node as any AttributedNode) = try node(raw) {
            work(request, at: { node.key }) { () throws(VexFSError) in
                let names: [UInt8] = try node.extendedAttributes().flatMap { Array($0.name.utf8) + [0] }
                request.reply(attribute: names, size: size)
            }
            return
        }
        guard case .file(let file) = try node(raw) else {
            request.reply(attribute: [], size: size)
            return
        }
        work(request, at: { file.path }) { () throws(VexFSError) in
            var list: [UInt8] = []
            if file.collection.attributes(of: file.number)?.kind == .document {
                let facts = try file.collection.facts(of: file.number)
                var names = Self.values(facts).map { Self.factPrefix + $0.key }
                if facts.dimensions != nil { names.append(Self.factPrefix + "embedding") }
                names += facts.vectors.map { Self.embeddingPrefix + $0 }.filter { $0.utf8.count <= 255 }
                names += Self.metadataAttributes(facts.metadata).map(\.name)
                for name in names { list += Array(name.utf8) + [0] }
            }
            request.reply(attribute: list, size: size)
        }
    }

    // MARK: SETXATTR, REMOVEXATTR

    func setxattr(
        _ request: Request, _ raw: fuse_ino_t, name pointer: UnsafePointer<CChar>, value: UnsafeRawBufferPointer,
        flags: Int32
    ) throws(VexFSError) {
        let value = Array(value)
        try changeMetadata(request, raw, pointer) { (file, key) throws(VexFSError) in
            guard let text = String(validating: value, as: UTF8.self) else {
                throw VexFSError(.invalidArgument, "a metadata value must be UTF-8", at: key)
            }
            let known = try file.collection.facts(of: file.number).metadata[key]
            if flags & Self.createOnly != 0, known != nil {
                throw VexFSError(.alreadyExists, "the document has this metadata key", at: key)
            }
            if flags & Self.replaceOnly != 0, known == nil {
                throw VexFSError(.attributeNotFound, "the document has no such metadata key", at: key)
            }
            // Copied along by mv and cp -a: what the document says anyway is no patch.
            if known.map(Self.bytes) == value { return }
            try file.collection.setMetadata(key, to: Self.value(text), of: file.number)
        }
    }

    func removexattr(_ request: Request, _ raw: fuse_ino_t, name pointer: UnsafePointer<CChar>) throws(VexFSError) {
        try changeMetadata(request, raw, pointer) { (file, key) throws(VexFSError) in
            guard try file.collection.facts(of: file.number).metadata[key] != nil else {
                throw VexFSError(.attributeNotFound, "the document has no such metadata key", at: key)
            }
            try file.collection.setMetadata(key, to: nil, of: file.number)
        }
    }

    // XATTR_CREATE and XATTR_REPLACE of <sys/xattr.h>.
    private static let createOnly: Int32 = 1
    private static let replaceOnly: Int32 = 2

    private func changeMetadata(
        _ request: Request, _ raw: fuse_ino_t, _ pointer: UnsafePointer<CChar>,
        _ change: @escaping @Sendable (CollectionFile, String) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        let name = String(cString: pointer)
        guard case .file(let file) = try node(raw), name.hasPrefix("user.") else {
            // As a file system without attributes answers: tools such as cp -a take it without a word.
            request.reply(errno: EOPNOTSUPP)
            return
        }
        guard name.hasPrefix(Self.metadataPrefix), name.utf8.count > Self.metadataPrefix.utf8.count else {
            // ENOTSUP and not EPERM: mv and cp -a copy all attributes and complain about any other error.
            throw VexFSError(
                .unsupported, "only user.vexfs.meta.KEY can be set: the others are what VexFS found out", at: name)
        }
        let key = String(name.dropFirst(Self.metadataPrefix.count))
        work(request, at: { file.path }) { () throws(VexFSError) in
            guard file.collection.attributes(of: file.number)?.kind == .document else {
                throw VexFSError(.unsupported, "only documents have metadata", at: file.path)
            }
            try change(file, key)
            request.reply(errno: 0)
        }
    }

    /// What a value stands for: a JSON number, boolean or array where it reads as one, else the text itself.
    static func value(_ text: String) -> JSON {
        guard let json = try? JSON.parse(Array(text.utf8)) else { return .string(text) }
        switch json {
        case .bool, .integer, .number, .array, .string: return json
        case .null, .object: return .string(text)
        }
    }
}

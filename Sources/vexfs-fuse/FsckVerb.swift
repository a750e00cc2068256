import VexFS

/// `vexfs-fuse fsck STORE`.
enum FsckVerb: Verb {
    static let name = "fsck"
    static let operands = "STORE"
    static let summary = "check a store against its checksums"
    static let details = """
        Reads every document and every vector of a store that is not mounted, compares them with their
        checksums and with each other, and names what is damaged. It changes nothing. Exit code 0: the store
        is whole; 8: it is damaged.
        """
    static let options = [Option(long: "json", help: "one JSON object a finding, and one for the sum")]

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(1, in: arguments)
        let path = try StoreFiles.resolve(arguments.operands[0])
        if StoreFiles.isInUse(path) {
            let entry = MountTable.entry(ofStore: path)
            let advice = entry.map { "; unmount it first: vexfs-fuse umount \(FilePath.quoted($0.mountpoint))" } ?? ""
            throw Failure(.storeInUse, "the store \(path) is in use\(advice)")
        }
        let check = try Engine.check(path)
        try Terminal.write(arguments.has("json") ? json(check) : text(check, path))
        return check.findings.isEmpty ? .success : .corruptionFound
    }

    private static func text(_ check: StoreCheck, _ path: String) -> String {
        var text = ""
        for finding in check.findings {
            let place = [finding.collection, finding.path].filter { !$0.isEmpty }.joined(separator: "/")
            text += "\(place.isEmpty ? path : place): \(finding.problem)\n"
        }
        text += "\(path): \(counts(check)); "
        text += check.findings.isEmpty ? "everything is whole.\n" : "\(check.findings.count) damaged.\n"
        return text
    }

    private static func counts(_ check: StoreCheck) -> String {
        "\(check.collections) collections, \(check.documents) documents, \(check.vectors) vectors, \(check.bytes) bytes"
    }

    private static func json(_ check: StoreCheck) -> String {
        var text = ""
        for finding in check.findings {
            text += "{\"collection\":\(JSONText.quoted(finding.collection)),\"path\":\(JSONText.quoted(finding.path)),"
            text += "\"problem\":\(JSONText.quoted(finding.problem))}\n"
        }
        text += "{\"collections\":\(check.collections),\"documents\":\(check.documents),\"vectors\":\(check.vectors),"
        text += "\"bytes\":\(check.bytes),\"damaged\":\(check.findings.count)}\n"
        return text
    }
}

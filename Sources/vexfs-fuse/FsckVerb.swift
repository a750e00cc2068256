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
        return check.problems.isEmpty ? .success : .corruptionFound
    }

    private static func text(_ check: StoreCheckReport, _ path: String) -> String {
        var text = ""
        for problem in check.problems { text += "\(problem.place): \(problem.message)\n" }
        text += "\(path): \(counts(check)); "
        text += check.problems.isEmpty ? "everything is whole.\n" : "\(check.problems.count) damaged.\n"
        return text
    }

    private static func counts(_ check: StoreCheckReport) -> String {
        "\(check.collections) collections, \(check.files) files, \(check.vectors) vectors, \(check.contentBytes) bytes"
    }

    private static func json(_ check: StoreCheckReport) -> String {
        var text = ""
        for problem in check.problems {
            text += "{\"place\":\(JSONText.quoted(problem.place)),\"problem\":\(JSONText.quoted(problem.message))}\n"
        }
        text += "{\"collections\":\(check.collections),\"files\":\(check.files),\"vectors\":\(check.vectors),"
        text += "\"bytes\":\(check.contentBytes),\"damaged\":\(check.problems.count)}\n"
        return text
    }
}

import VexFS

/// `vexfs-fuse fsck STORE`.
enum FsckVerb: Verb {
    static let name = "fsck"
    static let operands = "STORE"
    static let summary = "check a store against its checksums"
    static let details = """
        Reads every document and every vector of a store that is not mounted, compares them with their
        checksums and with each other, and names what is damaged. It changes nothing. Exit code 0: the store
        is whole; 8: it is damaged. A damaged part of an index is named too and changes neither: nothing is
        lost with it, mounting builds it anew.

        A store whose log lost its end is not mounted: changes that were on the disk are gone. Restore a
        backup, or give those changes up with --accept-loss; the store can then be mounted as it was before
        them. They cannot be had back afterwards. Documents that are damaged otherwise stay as they are.
        """
    static let options = [
        Option(long: "json", help: "one JSON object a finding, and one for the sum"),
        Option(long: "accept-loss", help: "give up what a damaged log has lost, then check"),
    ]

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(1, in: arguments)
        let path = try StoreFiles.resolve(arguments.operands[0])
        if StoreFiles.isInUse(path) {
            let entry = MountTable.entry(ofStore: path)
            let advice = entry.map { "; unmount it first: vexfs-fuse umount \(FilePath.quoted($0.mountpoint))" } ?? ""
            throw Failure(.storeInUse, "the store \(path) is in use\(advice)")
        }
        if arguments.has("accept-loss") { try acceptLoss(path) }
        let check = try Engine.check(path)
        try Terminal.write(arguments.has("json") ? json(check) : text(check, path))
        return check.problems.isEmpty ? .success : .corruptionFound
    }

    /// Gives up what the log has lost, and says what that is; on standard error, where findings are not mixed with it.
    private static func acceptLoss(_ path: String) throws(Failure) {
        let lost = try Engine.check(path).problems.filter { $0.place == "the log" }
        guard !lost.isEmpty else {
            Terminal.complain("\(path): the log is whole, nothing was given up")
            return
        }
        try Engine.acceptLoss(path)
        for problem in lost {
            // What follows the semicolon is the advice to do what has just been done.
            Terminal.complain("\(path): given up what is missing: \(problem.message.prefix { $0 != ";" })")
        }
    }

    private static func text(_ check: StoreCheckReport, _ path: String) -> String {
        var text = ""
        for problem in check.problems + check.rebuilt + check.leftovers {
            text += "\(problem.place): \(problem.message)\n"
        }
        text += "\(path): \(counts(check)); "
        if !check.problems.isEmpty {
            text += "\(check.problems.count) damaged.\n"
        } else if check.rebuilt.isEmpty {
            text += "everything is whole.\n"
        } else {
            text += "nothing is lost, \(check.rebuilt.count) parts of the index will be built anew.\n"
        }
        return text
    }

    private static func counts(_ check: StoreCheckReport) -> String {
        "\(check.collections) collections, \(check.files) files, \(check.vectors) vectors, \(check.contentBytes) bytes"
    }

    private static func json(_ check: StoreCheckReport) -> String {
        var text = ""
        for problem in check.problems + check.rebuilt + check.leftovers {
            text += "{\"place\":\(JSONText.quoted(problem.place)),\"problem\":\(JSONText.quoted(problem.message))}\n"
        }
        text += "{\"collections\":\(check.collections),\"files\":\(check.files),\"vectors\":\(check.vectors),"
        text += "\"bytes\":\(check.contentBytes),\"damaged\":\(check.problems.count),"
        text += "\"rebuilt\":\(check.rebuilt.count)}\n"
        return text
    }
}

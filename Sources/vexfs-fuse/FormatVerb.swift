/// `vexfs-fuse format STORE`.
enum FormatVerb: Verb {
    static let name = "format"
    static let operands = "STORE"
    static let summary = "make an empty store"
    static let details = """
        Makes an empty store in STORE, a directory that is new or empty. Whatever is there already is left
        alone: a directory that holds anything is refused.
        """
    static let options: [Option] = []

    static func run(_ arguments: ParsedArguments) throws(Failure) -> ExitCode {
        try expect(1, in: arguments)
        let given = arguments.operands[0]
        guard let path = FilePath.resolvedForCreation(given) else {
            throw Failure(.storeMissing, "\(given) cannot be made: its parent directory does not exist")
        }
        if StoreFiles.isStore(path) { throw Failure(.failure, "\(path) is a VexFS store already; nothing was changed") }
        try Engine.format(at: path)
        try Terminal.write("Made an empty store in \(path).\n")
        return .success
    }
}

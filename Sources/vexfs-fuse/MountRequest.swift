import Glibc
import VexFS

/// What a mount was asked to be, with every path made absolute: the daemon leaves the directory it was started in.
struct MountRequest: Sendable {
    /// The store's path, without symlinks.
    var store: String
    /// The mountpoint as given.
    var mountpoint: String
    /// Whether to make the store where there is none.
    var create = false
    /// Whether to stay in the foreground.
    var foreground = false
    var options: MountOptionList

    /// Takes the verb's command line.
    init(_ arguments: ParsedArguments) throws(Failure) {
        var options = MountOptionList()
        for option in arguments.options where option.name == "options" { try options.add(option.value) }
        if let word = arguments.value("log-level") { options.logLevel = try MountOptionList.level(word) }
        if let word = arguments.value("log-format") { options.logFormat = try MountOptionList.format(word) }
        if let path = arguments.value("log-file") { options.logFile = path }
        if let path = arguments.value("model") { options.model = path }
        if let word = arguments.value("precision") { options.precision = try Precision.parse(word) }
        if arguments.has("debug") { options.debug = true }
        create = arguments.has("create") || options.create
        // As with every FUSE program, debugging happens where its lines can be seen.
        foreground = arguments.has("foreground") || arguments.has("debug")
        let given = arguments.operands[0]
        guard let store = create ? FilePath.resolvedForCreation(given) : FilePath.resolved(given) else {
            let advice = create ? "its parent directory does not exist" : "make it with: vexfs-fuse format"
            let command = create ? "" : " " + FilePath.quoted(given)
            throw Failure(.storeMissing, "there is no store at \(given); \(advice)\(command)")
        }
        self.store = store
        mountpoint = arguments.operands[1]
        options.logFile = options.logFile.map(FilePath.absolute)
        options.model = options.model.map(FilePath.absolute)
        self.options = options
        if !create || FilePath.resolved(store) != nil { try StoreFiles.expectDirectory(store) }
    }
}

/// What can be known of a store without opening it.
enum StoreFiles {
    /// Held with flock(2) by whoever has the store open.
    static let lockName = "LOCK"
    /// Every store has it.
    static let markerName = "VEXFS"

    /// Whether the directory holds a store.
    static func isStore(_ path: String) -> Bool { access("\(path)/\(markerName)", F_OK) == 0 }

    /// The path of a store without symlinks.
    /// - Throws: `storeMissing` where there is none.
    static func resolve(_ given: String) throws(Failure) -> String {
        guard let path = FilePath.resolved(given) else {
            throw Failure(
                .storeMissing,
                "there is no store at \(given); make it with: vexfs-fuse format \(FilePath.quoted(given))")
        }
        try expectDirectory(path)
        guard isStore(path) else { throw Failure(.storeMissing, "\(path) is not a VexFS store") }
        return path
    }

    /// - Throws: `storeMissing` where the path is not a directory.
    static func expectDirectory(_ path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Failure(.storeMissing, "\(path) is not a directory, so it cannot be a store")
        }
    }

    /// Whether some process has the store open.
    static func isInUse(_ path: String) -> Bool {
        let descriptor = open("\(path)/\(lockName)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}

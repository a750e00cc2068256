import Glibc
import VexFS

/// Where the embedded model's files are: `model.safetensors`, `vocab.txt` and `model.json`, as `scripts/fetch-model`
/// leaves them.
public enum ModelDirectory {
    /// `VEXFS_MODEL_DIR`; else the user's data directory if the model is there; else the system's if it is there; else
    /// the user's again, where the model would be put.
    public static var `default`: String {
        resolve(environment: environment) { access("\($0)/model.safetensors", R_OK) == 0 }
    }

    static func resolve(environment: (String) -> String?, hasModel: (String) -> Bool) -> String {
        if let chosen = environment("VEXFS_MODEL_DIR") { return chosen }
        let data = environment("XDG_DATA_HOME") ?? (environment("HOME") ?? "") + "/.local/share"
        let user = "\(data)/vexfs/models/\(MiniLM.name)"
        let system = "/usr/share/vexfs/models/\(MiniLM.name)"
        return !hasModel(user) && hasModel(system) ? system : user
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// The sentence for a directory without a model.
    static func missing(_ directory: String, cause: String? = nil) -> VexFSError {
        VexFSError(
            .modelMissing,
            "The embedding model is not installed; run scripts/fetch-model, or point VEXFS_MODEL_DIR at its directory.",
            at: directory, cause: cause)
    }
}

/// What `model.json` says about the files beside it.
struct ModelDescription: Sendable, Equatable {
    /// The SHA-256 of `model.safetensors`, checked when the file was fetched.
    var digest: String
    /// The size of `model.safetensors`.
    var bytes: Int

    /// Reads `model.json` of a directory; nil when there is none.
    /// - Throws: `corruption` when it describes a model that this code cannot run.
    static func read(from directory: String) throws(VexFSError) -> ModelDescription? {
        let path = "\(directory)/model.json"
        guard access(path, F_OK) == 0 else { return nil }
        let json = try JSON.parse(try readFile(path, limit: 1 << 16), code: .corruption)
        guard json["dims"]?.integerValue == Int64(MiniLM.dimension),
            json["max_tokens"]?.integerValue == Int64(MiniLM.maximumTokens),
            json["pooling"]?.stringValue == "mean", json["normalize"]?.boolValue == true,
            let digest = json["digest"]?.stringValue, digest.utf8.count == 64,
            let bytes = json["bytes"]?.integerValue, bytes > 0
        else {
            throw VexFSError(
                .corruption, "This does not describe \(MiniLM.name); run scripts/fetch-model again.", at: path)
        }
        return ModelDescription(digest: digest, bytes: Int(bytes))
    }
}

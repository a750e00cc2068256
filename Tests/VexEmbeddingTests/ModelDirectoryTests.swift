import Testing
import VexFS

@testable import VexEmbedding

@Suite struct ModelDirectoryTests {
    private func resolve(_ environment: [String: String], present: Set<String> = []) -> String {
        ModelDirectory.resolve(environment: { environment[$0] }, hasModel: { present.contains($0) })
    }

    @Test func `The chosen directory comes first, then the user's, then the system's`() {
        let system = "/usr/share/vexfs/models/all-MiniLM-L6-v2"
        let user = "/home/a/.local/share/vexfs/models/all-MiniLM-L6-v2"
        #expect(resolve(["VEXFS_MODEL_DIR": "/m", "HOME": "/home/a"], present: [user, system]) == "/m")
        #expect(resolve(["HOME": "/home/a"], present: [user, system]) == user)
        #expect(resolve(["HOME": "/home/a"], present: [system]) == system)
        #expect(resolve(["HOME": "/home/a"]) == user)
        #expect(resolve(["XDG_DATA_HOME": "/d", "HOME": "/home/a"]) == "/d/vexfs/models/all-MiniLM-L6-v2")
    }

    @Test(arguments: [
        "{}", "[", #"{"dims":768,"max_tokens":256,"pooling":"mean","normalize":true,"digest":"00","bytes":1}"#,
    ])
    func `A description of another model is refused`(json: String) throws {
        try Fixtures.withDirectory { directory in
            try Fixtures.write(Array(json.utf8), to: "\(directory)/model.json")
            let error = #expect(throws: VexFSError.self) { try ModelDescription.read(from: directory) }
            #expect(error?.code == .corruption)
        }
    }
}

import Testing
import VexFS

@testable import VexEmbedding

@Suite struct SafeTensorsTests {
    /// A file with this header and so many bytes of values.
    private func file(_ header: String, length: UInt64? = nil, values: [UInt8] = []) -> [UInt8] {
        let count = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + Array(header.utf8) + values
    }

    @Test func `Values are read in place`() throws {
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  "#
        #expect(header.utf8.count % 4 == 0)
        try Fixtures.withDirectory { directory in
            try Fixtures.write(file(header, values: [0, 0, 128, 63, 0, 0, 0, 192]), to: "\(directory)/x")
            let tensors = try SafeTensors(mapping: "\(directory)/x")
            let values = try tensors.floats("a", shape: [2])
            #expect(values[0] == 1 && values[1] == -2)
            #expect(throws: VexFSError.self) { try tensors.floats("b", shape: [2]) }
            #expect(throws: VexFSError.self) { try tensors.floats("a", shape: [1, 2]) }
        }
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}  "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}  "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}} "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}} "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}  "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}    "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}  "#,
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":"0,8"}}  "#,
        #"{"a":{"dtype":"F32","shape":[2]}}   "#, #"{"a":[]}"#, "[1,2]   ",
    ])
    func `A tensor that does not fit is refused`(header: String) throws {
        try Fixtures.withDirectory { directory in
            try Fixtures.write(file(header, values: [UInt8](repeating: 0, count: 9)), to: "\(directory)/x")
            let tensors = try SafeTensors(mapping: "\(directory)/x")
            let error = #expect(throws: VexFSError.self) { try tensors.floats("a", shape: [2]) }
            #expect(error?.code == .corruption)
        }
    }

    @Test func `A file that is not one is refused`() throws {
        let broken: [[UInt8]] = [
            [], [1, 2, 3], file("{}", length: 3), file("{}", length: .max), file("{", length: 1), file("nonsense"),
        ]
        for bytes in broken {
            try Fixtures.withDirectory { directory in
                try Fixtures.write(bytes, to: "\(directory)/x")
                let error = #expect(throws: VexFSError.self) { try SafeTensors(mapping: "\(directory)/x") }
                #expect(error?.code == .corruption)
                #expect(error?.description.contains("scripts/fetch-model") == true)
            }
        }
        let missing = #expect(throws: VexFSError.self) { try SafeTensors(mapping: "/nonexistent/x") }
        #expect(missing?.code == .modelMissing)
    }
}

using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Peregrine.Inference.Format;

/// <summary>Lets the coded stream walk into a nested message, with its own length and recursion checks, without generated classes.</summary>
internal sealed class WireMessage(Action<CodedInputStream, uint> readField) : IMessage
{
    public MessageDescriptor Descriptor => throw new NotSupportedException("A wire message has no descriptor.");

    /// <summary>Reads a nested message; the stream stands right behind its tag.</summary>
    public static void Read(CodedInputStream stream, Action<CodedInputStream, uint> readField) => stream.ReadMessage(new WireMessage(readField));

    public void MergeFrom(CodedInputStream input)
    {
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag()) readField(input, tag);
    }

    public void WriteTo(CodedOutputStream output) => throw new NotSupportedException("A wire message is only read.");

    public int CalculateSize() => throw new NotSupportedException("A wire message is only read.");
}

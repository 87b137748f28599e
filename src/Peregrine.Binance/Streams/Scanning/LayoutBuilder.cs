using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Makes a stream's layouts from the known shapes. Texts without a symbol are shared by all streams, so that they stay in the nearest cache.</summary>
internal sealed unsafe class LayoutBuilder(PinnedMemory memory)
{
    private readonly Dictionary<string, nint> _texts = new(StringComparer.Ordinal);

    /// <summary>Fills the slot; false where the name is too long for it, or no shape is known.</summary>
    public bool TryBuild(Market market, StreamInfo stream, string symbol, StreamSlot* slot)
    {
        MessageShape[] shapes = [.. MessageShape.Known.Where(shape => shape.Market == market && shape.Kind == stream.Kind)];
        if (shapes.Length == 0) return false;
        string[] prefixes = [.. shapes.Select(shape => Texts(shape, stream.Name, symbol)[0]).Distinct(StringComparer.Ordinal)];
        int longest = shapes.Max(shape => Texts(shape, stream.Name, symbol).Skip(1).Max(static text => text.Length));
        if (prefixes.Length != 1 || prefixes[0].Length > 3 * Vector256<byte>.Count || longest > ScanTables.LiteralBytesMax) return false;
        Span<byte> prefix = stackalloc byte[3 * Vector256<byte>.Count];
        slot->PrefixBytes = Encoding.ASCII.GetBytes(prefixes[0], prefix);
        slot->Text0 = Vector256.Create<byte>(prefix[..32]);
        slot->Text1 = Vector256.Create<byte>(prefix[32..64]);
        slot->Text2 = Vector256.Create<byte>(prefix[64..96]);
        slot->Program = shapes[0].Program;
        slot->Layouts = slot->Current = memory.Take<StreamLayout>(shapes.Length);
        slot->LayoutCount = (short)shapes.Length;
        for (int i = 0; i < shapes.Length; i++) Fill(slot->Layouts + i, shapes[i], stream, symbol);
        return true;
    }

    private void Fill(StreamLayout* layout, MessageShape shape, StreamInfo stream, string symbol)
    {
        string[] texts = Texts(shape, stream.Name, symbol);
        byte[] values = [.. shape.Text.Where(MessageShape.Marks.Contains).Select(static mark => (byte)mark)];
        *layout = new StreamLayout
        {
            Literals = memory.Take<Literal>(values.Length),
            Numbers = memory.Take<NumberFormat>(values.Count(static mark => mark is (byte)'~' or (byte)'#')),
            Decimals = memory.Take<DecimalFormat>(values.Sum(static mark => mark is (byte)'%' or (byte)'-' or (byte)'*' ? 1 : 0)),
            Values = memory.Take<byte>(values.Length),
            Header = (byte)shape.Kind | ((ulong)shape.Flags << 8) | ((ulong)stream.Symbol.Value << 16),
            PrefixBytes = texts[0].Length,
            NumberCount = (byte)values.Count(static mark => mark is (byte)'~' or (byte)'#'),
            DecimalCount = (byte)values.Count(static mark => mark is (byte)'%' or (byte)'-'),
            ValueCount = (byte)values.Length,
            Variant = IsVariant(shape),
            BytesMin = StreamLayout.Unmeasured,
        };
        for (int i = 0; i < values.Length; i++)
        {
            layout->Values[i] = values[i];
            string text = texts[i + 1];
            layout->Literals[i] = new Literal { Text = TextOf(text), Bytes = text.Length, Mask = ScanTables.Leading - text.Length };
        }
    }

    /// <summary>The programs that know two orders of the same values ask for this.</summary>
    private static bool IsVariant(MessageShape shape) => shape.Program switch
    {
        ScanProgram.Ticker => shape.Text.IndexOf("\"E\":", StringComparison.Ordinal) is > 0 and var at && at < shape.Text.IndexOf("\"b\":", StringComparison.Ordinal), // Times first.
        ScanProgram.MarkPrice => shape.Text.IndexOf("\"P\":", StringComparison.Ordinal) < shape.Text.IndexOf("\"i\":", StringComparison.Ordinal), // Settlement before index.
        ScanProgram.Diff => shape.Kind == EventKind.Depth20,
        _ => false,
    };

    /// <summary>What stands before the first value, between the values and behind the last one.</summary>
    private static string[] Texts(MessageShape shape, string stream, string symbol) =>
        $"{{\"stream\":\"{stream}\",\"data\":{{{shape.Text.Trim()}}}}}".Replace("\"$\"", $"\"{symbol}\"", StringComparison.Ordinal) is var whole
            ? Split(whole, stream.Length + 11) : [];

    // Stream names may hold none of the marks but '!' and '#', so the search begins behind the name.
    private static string[] Split(string whole, int from)
    {
        List<string> texts = [];
        int start = 0;
        for (int at = from; at < whole.Length; at++)
        {
            if (!MessageShape.Marks.Contains(whole[at], StringComparison.Ordinal)) continue;
            texts.Add(whole[start..at]);
            start = at + 1;
        }
        texts.Add(whole[start..]);
        return [.. texts];
    }

    private byte* TextOf(string text)
    {
        if (_texts.TryGetValue(text, out nint known)) return (byte*)known;
        byte* bytes = memory.Take<byte>(ScanTables.LiteralBytesMax);
        Encoding.ASCII.GetBytes(text, new Span<byte>(bytes, ScanTables.LiteralBytesMax));
        _texts.Add(text, (nint)bytes);
        return bytes;
    }
}

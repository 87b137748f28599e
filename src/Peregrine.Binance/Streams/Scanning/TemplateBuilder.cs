namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Writes a template from what a layout has learnt from its last message.</summary>
internal static unsafe class TemplateBuilder
{
    /// <summary>Messages between one measurement and the next.</summary>
    private const int MessagesBetween = 64;

    /// <summary>Whatever may stand there: a value of another segment, or what lies behind the message.</summary>
    private const byte Anything = 0xFF;

    private const byte Digit = 9;

    /// <summary>Makes room for a template of the layout; null where its messages are not of a shape that templates are for.</summary>
    public static Template* Make(PinnedMemory memory, StreamLayout* layout, ScanProgram program)
    {
        ReadOnlySpan<byte> values = new(layout->Values, layout->ValueCount);
        int decimals = values.Count((byte)'%');
        bool fits = program switch
        {
            ScanProgram.AggTrade => decimals == 2,
            ScanProgram.Trade => decimals == 2 && layout->NumberCount == 3,
            ScanProgram.Ticker => layout->NumberCount == 1,
            _ => false,
        };
        if (!fits) return null;
        Template* template = memory.Take<Template>(1);
        *template = new Template { Numbers = memory.Take<TemplateNumber>(layout->NumberCount), Decimals = memory.Take<TemplateDecimal>(decimals) };
        Writer writer = new(template, layout, memory);
        writer.Reserve();
        return template;
    }

    /// <summary>Writes it anew, if it is time for that. The layout was just found to describe a whole message.</summary>
    public static void Learn(Template* template, StreamLayout* layout, byte* prefix)
    {
        if (--template->Wait > 0) return;
        template->Wait = MessagesBetween;
        template->IsReady = false;
        Writer writer = new(template, layout, null);
        writer.Write(prefix);
        template->IsReady = true;
    }

    /// <summary>Walks the shape value by value: once with the longest values to see how much room it takes, then with those that were measured.</summary>
    private ref struct Writer(Template* template, StreamLayout* layout, PinnedMemory? memory)
    {
        private Segment* _segment = &template->Head;
        private bool _measures = memory is not null;
        private int _numbers;
        private int _decimals;

        public void Reserve() => Walk(null);

        public void Write(byte* prefix) => Walk(prefix);

        private void Walk(byte* prefix)
        {
            _segment->Bytes = 0;
            Literal(prefix, layout->PrefixBytes);
            for (int i = 0; i < layout->ValueCount; i++)
            {
                switch (layout->Values[i])
                {
                    case (byte)'%' when _decimals % 2 == 1: Quantity(); break;
                    case (byte)'%': Price(); break;
                    case (byte)'?': Begin(&template->End); break;
                    default: Number(); break;
                }
                Literal(layout->Literals[i].Text, (int)layout->Literals[i].Bytes);
            }
            Finish();
        }

        private void Number()
        {
            NumberFormat format = _measures ? new NumberFormat { Digits = ScanTables.DigitsMax } : layout->Numbers[_numbers];
            for (int i = 0; i < format.Digits; i++) Put((byte)'0', Digit);
            template->Numbers[_numbers++] = new TemplateNumber { End = _segment->Bytes, Mask = ScanTables.Trailing + format.Digits, Floor = format.Floor, Unit = format.Unit };
        }

        private void Price()
        {
            DecimalFormat format = Format();
            int whole = _measures ? ScanTables.WholeDigitsMax : format.WholeDigits;
            for (int i = 0; i < whole; i++) Put((byte)'0', Digit);
            template->Decimals[_decimals++] = new TemplateDecimal { Point = _segment->Bytes, Row = format.Row, Mask = format.Row + ScanTables.RowMasks + (whole * 16) };
            Places(format);
        }

        private void Quantity()
        {
            Begin(_decimals + 1 < layout->DecimalCount ? &template->Middle : &template->Tail);
            DecimalFormat format = Format();
            template->Decimals[_decimals++] = new TemplateDecimal { Row = format.Row };
            Places(format);
        }

        private readonly void Places(DecimalFormat format)
        {
            for (int i = 0; i < format.After; i++) Put(i == 0 ? (byte)'.' : (byte)'0', i == 0 ? (byte)0 : Digit);
        }

        private readonly DecimalFormat Format() => _measures ? new DecimalFormat { Row = ScanTables.Row(8), After = 9 } : layout->Decimals[_decimals];

        private readonly void Literal(byte* text, int length)
        {
            for (int i = 0; i < length; i++) Put(text == null ? (byte)0 : text[i], 0);
        }

        private readonly void Put(byte text, byte limit)
        {
            if (!_measures)
            {
                byte* part = _segment->Parts + (_segment->Bytes / Template.ChunkBytes * 2 * Template.ChunkBytes) + (_segment->Bytes % Template.ChunkBytes);
                part[0] = text;
                part[Template.ChunkBytes] = limit;
            }
            _segment->Bytes++;
        }

        private void Begin(Segment* segment)
        {
            Finish();
            _segment = segment;
            _segment->Bytes = 0;
        }

        private readonly void Finish()
        {
            int bytes = _segment->Bytes;
            _segment->Chunks = (bytes + Template.ChunkBytes - 1) / Template.ChunkBytes;
            if (memory is not null) _segment->Parts = memory.Take<byte>(_segment->Chunks * 2 * Template.ChunkBytes);
            else while (_segment->Bytes % Template.ChunkBytes != 0) Put(0, Anything);
            _segment->Bytes = bytes;
        }
    }
}

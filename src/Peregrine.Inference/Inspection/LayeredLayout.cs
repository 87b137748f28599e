namespace Peregrine.Inference.Inspection;

/// <summary>
/// Places boxes in layers from top to bottom so that every edge leads down, after Sugiyama, Tagawa and Toda (1981): layers by the longest path, an order
/// within each layer by the mean place of the neighbours, positions by least squares without overlap.
/// </summary>
internal sealed class LayeredLayout
{
    private const int OrderingSweeps = 12, PlacingSweeps = 24, StraighteningSweeps = 16;
    private const double GapX = 28, GapY = 30, BendWidth = 10;

    private readonly List<Box> _boxes = [];
    private readonly List<List<Box>> _layers = [];

    /// <param name="sizes">Width and height of each box.</param>
    /// <param name="edges">From box to box, each to a later one.</param>
    public LayeredLayout(IReadOnlyList<(double Width, double Height)> sizes, IReadOnlyList<(int From, int To)> edges)
    {
        foreach ((double width, double height) in sizes) _boxes.Add(new Box { Width = width, Height = height });
        foreach ((int from, int to) in edges.OrderBy(static edge => edge.From)) _boxes[to].Layer = Math.Max(_boxes[to].Layer, _boxes[from].Layer + 1);
        // A box without a box before it stands right above the first that reads it, not at the top.
        foreach (int box in Enumerable.Range(0, sizes.Count).Where(i => edges.All(edge => edge.To != i)))
            if (edges.Any(edge => edge.From == box)) _boxes[box].Layer = Math.Max(0, edges.Where(edge => edge.From == box).Min(edge => _boxes[edge.To].Layer) - 1);
        Paths = [.. edges.Select(edge => Link(_boxes[edge.From], _boxes[edge.To]))];
        foreach (Box box in _boxes)
        {
            while (_layers.Count <= box.Layer) _layers.Add([]);
            _layers[box.Layer].Add(box);
        }
        Order();
        Place();
        Straighten();
        double y = GapY / 2;
        foreach (List<Box> layer in _layers)
        {
            double height = layer.Max(static box => box.Height);
            foreach (Box box in layer) (box.Y, box.Height) = (y + (height / 2), box.IsBend ? height : box.Height); // A bend passes its layer upright.
            y += height + GapY;
        }
        double left = _boxes.Min(static box => box.X - (box.Width / 2)) - GapX;
        foreach (Box box in _boxes) box.X -= left;
        Width = _boxes.Max(static box => box.X + (box.Width / 2)) + GapX;
        Height = y - (GapY / 2);
        Boxes = _boxes[..sizes.Count];
    }

    /// <summary>The boxes with the places of their centres.</summary>
    public IReadOnlyList<Box> Boxes { get; }

    /// <summary>For each edge the boxes it passes, its bends among them.</summary>
    public IReadOnlyList<IReadOnlyList<Box>> Paths { get; }
    public double Width { get; }
    public double Height { get; }

    /// <summary>An edge over several layers gets a bend in each of those between, which takes part as a small box.</summary>
    private List<Box> Link(Box from, Box to)
    {
        List<Box> path = [from];
        for (int layer = from.Layer + 1; layer < to.Layer; layer++)
        {
            Box bend = new() { Width = BendWidth, Layer = layer, IsBend = true };
            _boxes.Add(bend);
            path.Add(bend);
        }
        path.Add(to);
        for (int i = 1; i < path.Count; i++)
        {
            path[i].Above.Add(path[i - 1]);
            path[i - 1].Below.Add(path[i]);
        }
        return path;
    }

    private void Order()
    {
        foreach (List<Box> layer in _layers) Number(layer);
        for (int sweep = 0; sweep < OrderingSweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            foreach (List<Box> layer in down ? _layers : _layers.AsEnumerable().Reverse())
            {
                foreach (Box box in layer)
                {
                    List<Box> near = down ? box.Above : box.Below;
                    box.Wish = near.Count == 0 ? box.Place : near.Average(static other => other.Place);
                }
                Box[] sorted = [.. layer.OrderBy(static box => box.Wish)];
                layer.Clear();
                layer.AddRange(sorted);
                Number(layer);
            }
        }
    }

    private static void Number(List<Box> layer)
    {
        for (int i = 0; i < layer.Count; i++) layer[i].Place = layer.Count == 1 ? 0.5 : (double)i / (layer.Count - 1); // Between 0 and 1, whatever the layer's size.
    }

    private void Place()
    {
        foreach (List<Box> layer in _layers)
        {
            foreach (Box box in layer) box.Wish = 0;
            Spread(layer);
        }
        for (int sweep = 0; sweep < PlacingSweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            foreach (List<Box> layer in down ? _layers : _layers.AsEnumerable().Reverse())
            {
                foreach (Box box in layer)
                {
                    // Long edges straighten out first: a bend listens to its own edge alone, and a box to everybody around it.
                    IEnumerable<Box> near = sweep > PlacingSweeps / 2 ? box.Above.Concat(box.Below) : down ? box.Above : box.Below;
                    box.Wish = near.Select(static other => other.X).DefaultIfEmpty(box.X).Average();
                }
                Spread(layer);
            }
        }
    }

    /// <summary>What only hangs one below the other stands in one column, and so does a long edge's middle.</summary>
    private void Straighten()
    {
        var chains = new List<List<Box>>();
        var chainOf = new Dictionary<Box, List<Box>>();
        foreach (Box box in _layers.SelectMany(static layer => layer))
        {
            Box? above = OnlyOne(box, box.Above);
            bool joins = above is not null && above.IsBend == box.IsBend && OnlyOne(above, above.Below) == box;
            List<Box> chain = joins ? chainOf[above!] : [];
            if (!joins) chains.Add(chain);
            chain.Add(box);
            chainOf[box] = chain;
        }
        for (int sweep = 0; sweep < StraighteningSweeps; sweep++)
        {
            foreach (List<Box> chain in chains)
            {
                double mean = chain.Average(static box => box.X);
                foreach (Box box in chain) box.Wish = mean;
            }
            foreach (List<Box> layer in _layers) Spread(layer);
        }

        // Long edges do not bend a chain of boxes.
        static Box? OnlyOne(Box box, List<Box> near)
        {
            Box[] alike = [.. near.Where(other => other.IsBend == box.IsBend)];
            return alike.Length == 1 ? alike[0] : null;
        }
    }

    /// <summary>The places nearest to the wishes, in the sense of least squares, at which no two boxes of a layer overlap: pool adjacent violators.</summary>
    private static void Spread(List<Box> layer)
    {
        var blocks = new List<(double Mean, int Count)>();
        double offset = 0;
        double[] offsets = new double[layer.Count];
        for (int i = 0; i < layer.Count; i++)
        {
            if (i > 0) offset += ((layer[i - 1].Width + layer[i].Width) / 2) + GapX;
            offsets[i] = offset;
            blocks.Add((layer[i].Wish - offset, 1));
            while (blocks.Count > 1 && blocks[^2].Mean > blocks[^1].Mean)
            {
                (double mean, int count) = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
                blocks[^1] = (((blocks[^1].Mean * blocks[^1].Count) + (mean * count)) / (blocks[^1].Count + count), blocks[^1].Count + count);
            }
        }
        int at = 0;
        foreach ((double mean, int count) in blocks)
            for (int i = 0; i < count; i++, at++) layer[at].X = mean + offsets[at];
    }

    internal sealed class Box
    {
        public double Width { get; init; }
        public double Height { get; set; }
        public bool IsBend { get; init; }
        public int Layer { get; set; }
        public double X { get; set; }
        public double Y { get; set; }
        public double Place { get; set; }
        public double Wish { get; set; }
        public List<Box> Above { get; } = [];
        public List<Box> Below { get; } = [];
    }
}

Console.WriteLine("peregrine");

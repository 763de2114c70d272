from otklik.main import main

if __name__ == "__main__":  # the crawlers' extraction processes import this module again
    main()
